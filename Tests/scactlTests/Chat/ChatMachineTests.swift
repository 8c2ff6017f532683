import SCAClient
import SCACore
import Testing

@testable import scactl

struct ChatMachineTests {
    private var machine = ChatMachine(mobile: World.me, peer: World.peer)

    private static func delivery(_ id: String, _ status: DeliveryStatus = .stored, to: Mobile = World.peer) -> Delivery
    {
        Delivery(Outgoing(to: to, text: "hi", id: MessageID(trusted: id)), status)
    }

    private static let lost = ClientEvent.disconnected(ClientError(.connectionLost, "the connection was lost"))
    private static let back = ClientEvent.reconnected(ServerInfo(dialect: .v2), gap: .milliseconds(1234))

    private mutating func type(_ line: String, _ id: String = "m1") -> [ChatMachine.Action] {
        machine.enter(line) { MessageID(trusted: id) }
    }

    private mutating func happen(_ events: ClientEvent...) -> [ChatMachine.Action] {
        machine.take(events, now: World.now)
    }

    private static func sent(_ text: String, _ id: String, to: Mobile = World.peer) -> Outgoing {
        Outgoing(to: to, text: text, id: MessageID(trusted: id), timeout: ChatMachine.patience)
    }

    /// The sentence, if a refusal is all there is.
    private static func refusal(_ actions: [ChatMachine.Action]) -> String? {
        guard actions.count == 1, case .show(let lines)? = actions.first, lines.count == 1,
            case .refusal(let sentence)? = lines.first
        else { return nil }
        return sentence
    }

    // MARK: Sending

    @Test mutating func textGoesToThePeerAndItsMarkFollows() {
        #expect(machine.prompt == "9812345678> ")
        #expect(type("hi") == [.submit([Self.sent("hi", "m1")])])
        let outcome = Self.delivery("m1")
        #expect(happen(.delivery(outcome)) == [.show([.outcome(outcome, isBare: true, isToPeer: true)])])
    }

    @Test mutating func aMarkThatDoesNotStandRightBelowItsLineIsNamed() {
        _ = type("hi", "m1")
        _ = happen(.message(.example("x")))
        let first = Self.delivery("m1")
        #expect(happen(.delivery(first)) == [.show([.outcome(first, isBare: false, isToPeer: true)])])

        _ = type("one", "m2")
        _ = type("two", "m3")
        let (second, third) = (Self.delivery("m2"), Self.delivery("m3"))
        #expect(
            happen(.delivery(second), .delivery(third)) == [
                .show([
                    .outcome(second, isBare: false, isToPeer: true), .outcome(third, isBare: false, isToPeer: true),
                ])
            ]
        )
    }

    @Test mutating func aMarkForSomebodyElseThanThePeerSaysWhoIsMeant() {
        _ = type("hi")
        _ = type("/to 9000000001")
        let outcome = Self.delivery("m1")
        #expect(happen(.delivery(outcome)) == [.show([.outcome(outcome, isBare: false, isToPeer: false)])])
    }

    @Test mutating func withoutAPeerNothingIsSent() {
        machine = ChatMachine(mobile: World.me, peer: nil)
        #expect(machine.prompt == "> ")
        #expect(Self.refusal(type("hi"))?.contains("/to MOBILE") == true)
        #expect(type("/to 9812345678") == [])
        #expect(type("hi") == [.submit([Self.sent("hi", "m1")])])
    }

    @Test mutating func aCommandThatIsUnknownSendsNothing() {
        #expect(Self.refusal(type("/foo"))?.contains("/foo") == true)
    }

    // MARK: A lost connection

    @Test mutating func whatIsTypedWithoutAConnectionIsSentInOrderOnReturn() {
        #expect(happen(Self.lost) == [.show([.remark("the connection was lost; trying again")])])
        #expect(type("one", "m1") == [.show([.kept])])
        #expect(type("two", "m2") == [.show([.kept])])
        #expect(
            happen(Self.back, .message(.example("x"))) == [
                .show([.remark("connected again after 1.2s")]),
                .submit([Self.sent("one", "m1"), Self.sent("two", "m2")]),
                .show([.message(HistoryRow(.example("x")))]),
            ]
        )
        #expect(machine.leave() == [])
        #expect(type("three", "m3") == [.submit([Self.sent("three", "m3")])])
    }

    @Test mutating func whatStillWaitsIsShownAsNotSentOnce() {
        _ = happen(Self.lost)
        _ = type("one", "m1")
        #expect(machine.leave() == [.notSent(Self.sent("one", "m1"))])
        #expect(machine.leave() == [])
    }

    @Test mutating func whatTheClientNeverTookIsShownAsNotSent() {
        _ = type("one", "m1")
        _ = type("two", "m2")
        _ = happen(.delivery(Self.delivery("m1")), Self.lost)
        _ = type("three", "m3")
        #expect(machine.end() == [.notSent(Self.sent("two", "m2")), .notSent(Self.sent("three", "m3"))])
        #expect(machine.end() == [])
    }

    @Test mutating func withoutAConnectionNobodyIsSaidToBeOnline() {
        _ = happen(.onlineUsers([World.peer]), Self.lost)
        #expect(Self.refusal(type("/who"))?.contains("no connection") == true)
        let status = ChatStatus(isConnected: false, peer: World.peer, isPeerOnline: nil, waiting: 0, underWay: 0)
        #expect(type("/status") == [.show([.status(status)])])
    }

    @Test mutating func statusCountsWhatIsOnItsWay() {
        _ = type("one", "m1")
        _ = happen(Self.lost)
        _ = type("two", "m2")
        var status = ChatStatus(isConnected: false, peer: World.peer, isPeerOnline: nil, waiting: 1, underWay: 1)
        #expect(type("/status") == [.show([.status(status)])])
        _ = happen(Self.back, .onlineUsers([World.peer]), .delivery(Self.delivery("m1")))
        status = ChatStatus(isConnected: true, peer: World.peer, isPeerOnline: true, waiting: 0, underWay: 1)
        #expect(type("/status") == [.show([.status(status)])])
    }

    // MARK: Who is there

    @Test mutating func onlyThosePeopleOneTalksToAreShownComingAndGoing() {
        #expect(happen(.onlineUsers([World.me, World.peer, World.other])) == [])
        #expect(happen(.presence(joined: [], left: [World.other])) == [])
        #expect(
            happen(.presence(joined: [], left: [World.peer])) == [
                .show([.presence(came: [], went: [World.peer], at: World.now)])
            ]
        )
        _ = happen(.message(.example("x", from: World.other)))
        #expect(
            happen(.presence(joined: [World.other, World.peer], left: [])) == [
                .show([.presence(came: [World.other, World.peer], went: [], at: World.now)])
            ]
        )
    }

    @Test mutating func presenceOnShowsEveryonesButOnesOwn() {
        _ = happen(.onlineUsers([World.me]))
        _ = type("/presence on")
        #expect(
            happen(.presence(joined: [World.other], left: [World.me])) == [
                .show([.presence(came: [World.other], went: [], at: World.now)])
            ]
        )
        _ = type("/presence off")
        #expect(happen(.presence(joined: [], left: [World.other])) == [])
    }

    @Test mutating func peopleTalkedToTodayAreShownFromTheStart() {
        machine = ChatMachine(mobile: World.me, peer: nil, known: [World.other], companions: [World.other])
        _ = happen(.onlineUsers([]))
        #expect(
            happen(.presence(joined: [World.other], left: [])) == [
                .show([.presence(came: [World.other], went: [], at: World.now)])
            ]
        )
    }

    @Test func todayIsTheUsersOwnDay() {
        let day: Int64 = 86_400_000
        let rows: [HistoryRow] = [
            .example("1", ts: World.now - day, peer: World.peer), .example("2", direction: .out, peer: World.other),
        ]
        let world = World()
        var machine = ChatMachine(mobile: World.me, peer: nil, after: rows, world.context.time)
        #expect(machine.completion == Completion(mobiles: [World.other, World.peer]))
        _ = machine.take([.onlineUsers([])], now: World.now)
        #expect(
            machine.take([.presence(joined: [World.peer, World.other], left: [])], now: World.now) == [
                .show([.presence(came: [World.other], went: [], at: World.now)])
            ]
        )
    }

    @Test mutating func aPeerWhoIsNotThereIsSaidAtTheStartAndByTo() {
        #expect(happen(.onlineUsers([World.other])) == [.show([.remark("9812345678 is not online")])])
        #expect(type("/to 9000000001") == [])
        #expect(type("/to 9812345678") == [.show([.remark("9812345678 is not online")])])
    }

    @Test mutating func whoListsThoseOnline() {
        _ = happen(.onlineUsers([World.peer, World.me]))
        #expect(type("/who") == [.show([.online([World.peer, World.me], of: World.me)])])
    }

    @Test mutating func tabKnowsThoseOnlineFirstThenTheLatest() {
        machine = ChatMachine(mobile: World.me, peer: nil, known: [World.peer])
        _ = happen(.onlineUsers([World.me, World.other]))
        #expect(machine.completion.mobiles == [World.other, World.peer])
        let newcomer = Mobile(trusted: "9000000002")
        _ = happen(.message(.example("x", from: newcomer)))
        #expect(machine.completion.mobiles == [World.other, newcomer, World.peer])
    }

    // MARK: What arrives

    @Test mutating func whatArrivesTogetherIsShownTogether() {
        let messages = (0..<500).map { ChatMessage.example("x\($0)") }
        let shown = messages.map { ChatLine.message(HistoryRow($0)) }
        #expect(machine.take(messages.map { .message($0) }, now: World.now) == [.show(shown)])
    }

    @Test mutating func theFirstMessageTellsHowToAnswerAndNoOther() {
        machine = ChatMachine(mobile: World.me, peer: nil)
        #expect(
            happen(.message(.example("1")), .message(.example("2"))) == [
                .show([
                    .message(HistoryRow(.example("1"))), .remark("/to 9812345678 answers"),
                    .message(HistoryRow(.example("2"))),
                ])
            ]
        )
    }

    @Test mutating func aMessageIsNeverACommand() {
        #expect(
            happen(.message(.example("1", text: "/quit"))) == [
                .show([.message(HistoryRow(.example("1", text: "/quit")))])
            ]
        )
    }

    @Test mutating func theOtherCommandsAskTheOwner() {
        #expect(type("/history 3") == [.recall(3, World.peer)])
        #expect(type("/grep a b") == [.search("a b")])
        #expect(type("/quit") == [.leave])
        #expect(type("/help") == [.show([.help])])
        #expect(type("") == [])
    }
}
