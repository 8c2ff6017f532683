import SCAClient
import SCACore
import Testing

@testable import scactl

@Suite(.timeLimit(.minutes(10))) struct PipeTests {
    private func world(
        _ lines: String...,
        input: (any ByteSource)? = nil,
        change: (inout ScriptedNetwork.Script) -> Void = { _ in }
    ) -> World {
        var world = World(ScriptedNetwork(change))
        world.input = input ?? BlockSource(lines.map { "\($0)\n" })
        return world
    }

    @Test func whatIsAskedForIsAnsweredAndThenItEnds() async throws {
        let world = world(#"{"to":["9812345678","9000000001"],"text":"hi","ref":"a"}"#)
        let outcome = await world.run("pipe")
        #expect(
            outcome.rows == [
                #"{"type":"sent","id":"m1","ref":"a","to":"9812345678","status":"stored","ts":1795356202974,"ms":3}"#,
                #"{"type":"sent","id":"m2","ref":"a","to":"9000000001","status":"stored","ts":1795356202974,"ms":3}"#,
            ]
        )
        #expect(outcome.status == .done && outcome.errors.isEmpty)
        #expect(world.history.count == 2)
    }

    @Test(arguments: [([], nil), (["--retry-for", "2h"], Duration.seconds(7_200))])
    func aMessageIsTriedOnceUnlessItIsSaidForHowLong(_ arguments: [String], _ retryFor: Duration?) async throws {
        let world = world(#"{"to":"9812345678","text":"hi"}"#)
        #expect(await Scactl.run(["pipe"] + arguments, in: world.context) == .done)
        #expect(try world.connection.submitted.map(\.retryFor) == [retryFor])
    }

    @Test func itIsVisibleStoresConfirmsAndReconnects() async throws {
        let world = world()
        #expect(await world.run("pipe").status == .done)
        let configuration = try world.connection.configuration
        #expect(try world.connection.hasStore)
        #expect(configuration.isVisible && configuration.sendsReceipts && configuration.reconnect == .standard)
        #expect(configuration.presence == .none)
    }

    @Test func aBadLineGetsAnErrorRowWithItsNumberAndTheOthersGoOn() async {
        let world = world("oops", "", #"{"reply":"x","text":"y","ref":"r"}"#, #"{"to":"9812345678","text":"hi"}"#)
        let outcome = await world.run("pipe")
        #expect(outcome.rows.count == 3)
        #expect(outcome.rows[0].contains(#""code":"bad_input","message":"not a JSON object""#))
        #expect(outcome.rows[0].hasSuffix(#""exit":65,"line":1}"#))
        #expect(outcome.rows[1].contains("no message x among the last 8192 that arrived"))
        #expect(outcome.rows[1].hasSuffix(#""exit":65,"line":3,"ref":"r"}"#))
        #expect(outcome.rows[2].contains(#""status":"stored""#))
        #expect(outcome.status == .badInput && outcome.errors.isEmpty)
    }

    @Test func aReplyGoesToWhoSentTheMessage() async throws {
        let input = FeedSource()
        let world = world(input: input) {
            $0.events = [[.message(.example("q1", from: World.other)), .message(.example("q2"))]]
        }
        async let running = world.run("pipe")
        await world.output.reaches(2)
        input.write(#"{"reply":"q1","text":"yes","ref":"1"}"#)
        input.write(#"{"reply":"q2","text":"no","ref":"2"}"#)
        input.stop()
        let outcome = await running
        #expect(outcome.status == .done)
        #expect(try world.connection.submitted.map(\.to) == [World.other, World.peer])
        #expect(try world.connection.submitted.map(\.text) == ["yes", "no"])
    }

    @Test func aReplyToAnIdThatTwoHaveUsedGoesToNobody() async throws {
        let input = FeedSource()
        let world = world(input: input) {
            $0.events = [[.message(.example("q", from: World.other)), .message(.example("q"))]]
        }
        async let running = world.run("pipe")
        await world.output.reaches(2)
        input.write(#"{"reply":"q","text":"yes"}"#)
        input.stop()
        let outcome = await running
        #expect(outcome.rows.last?.contains("several have sent a message with the id q") == true)
        #expect(try world.connection.submitted.isEmpty)
    }

    @Test func whoIsAnsweredWithUserRowsAndTheirNumber() async {
        let world = world(#"{"op":"who","ref":"y"}"#) { $0.online = [World.peer, World.other] }
        #expect(
            await world.run("pipe").rows == [
                #"{"type":"user","mobile":"9812345678","online":true,"ref":"y"}"#,
                #"{"type":"user","mobile":"9000000001","online":true,"ref":"y"}"#,
                #"{"type":"who","ref":"y","online":2}"#,
            ]
        )
    }

    @Test func answersDueAreWaitedForAtTheEndOfInput() async {
        let world = world(#"{"to":"9812345678","text":"hi","ref":"a"}"#) { $0.answer = { _ in nil } }
        async let running = world.run("pipe")
        while world.network.made.first?.submitted.isEmpty ?? true { await Task.yield() }
        #expect(world.output.lines.isEmpty)
        await world.network.made.first?.close(grace: .zero)
        let outcome = await running
        #expect(outcome.rows.count == 1 && outcome.rows[0].contains(#""status":"timeout""#))
        #expect(outcome.status == .timedOut)
    }

    @Test func theStatusIsThatOfSend() async {
        let offline = world(#"{"to":"9812345678","text":"hi"}"#) { $0.answer = { _ in .offline } }
        #expect(await offline.run("pipe").status == .no)
        let lost = world(#"{"to":"9812345678","text":"hi"}"#) {
            $0.answer = { _ in nil }
            $0.end = ClientError(.connectionLost, "gone")
            $0.lastsFor = 1
        }
        let outcome = await lost.run("pipe")
        #expect(outcome.status == .unreachable && outcome.errors.count == 1)
    }

    @Test func aTextOverTheServersLimitIsRefusedInItsPlace() async {
        let long = String(repeating: "x", count: 65_537)
        let world = world(#"{"to":"9812345678","text":"\#(long)","ref":"long"}"#, #"{"to":"9812345678","text":"hi"}"#)
        let outcome = await world.run("pipe")
        #expect(outcome.rows.first?.contains("the text is 65537 bytes long; this server takes") == true)
        #expect(outcome.rows.first?.hasSuffix(#""line":1,"ref":"long"}"#) == true)
        #expect(outcome.rows.count == 2 && outcome.status == .badInput)
    }

    @Test func eventsAreThoseAskedFor() async throws {
        let events: [ClientEvent] = [
            .connected(ServerInfo(dialect: .v2)), .onlineUsers([]), .presence(joined: [World.peer], left: []),
            .message(.example("a")),
        ]
        let world = world { $0.events = [events] }
        let outcome = await world.run("pipe", "--events", "presence,status")
        #expect(outcome.rows.map { $0.contains(#""state":"connected""#) || $0.contains("presence") } == [true, true])
        #expect(try world.connection.configuration.presence == .all)
        #expect(await self.world().run("pipe", "--events", "rain").status == .usage)
    }

    @Test func jsonItIsAlsoOnATerminal() async {
        var world = world(#"{"op":"who"}"#)
        world.terminals = Terminals(input: true, output: true, errors: true)
        #expect(await world.run("pipe").rows == [#"{"type":"who","online":0}"#])
        #expect(await world.run("pipe", "-o", "text").status == .usage)
    }

    @Test func aReaderThatGoesAwayEndsIt() async {
        let world = world(#"{"op":"who"}"#)
        world.output.fail(with: .readerGone)
        #expect(await world.run("pipe").status == .signal(13))
    }

    @Test func aMessageThatCannotBeStoredIsPrintedAndThenItEndsWith74() async {
        let error = HistoryError(code: .full, message: "no space left", hint: "make some")
        let world = world(input: BlockSource([], staysOpen: true)) {
            $0.events = [[.storeFailed(error), .message(.example("a"))]]
        }
        let outcome = await world.run("pipe")
        #expect(outcome.status == .io && outcome.rows.count == 1)
    }

    @Test func aSignalStopsTheInputAndWaitsForWhatIsDue() async throws {
        let input = BlockSource(["{\"to\":\"9812345678\",\"text\":\"half"], staysOpen: true)
        let world = world(input: input) { $0.events = [[.message(.example("a"))]] }
        async let running = world.run("pipe")
        await world.output.reaches(1)
        #expect(world.stop.request())
        #expect(await running.status == .done)
        #expect(input.isStopped)
        #expect(try world.connection.submitted.isEmpty)
    }

    @Test func timeThatRunsOutIs124() async {
        var world = world(input: BlockSource([], staysOpen: true))
        world.sleep = { _ in }
        #expect(await world.run("pipe", "--timeout", "5s").status == .timedOut)
    }
}

@Suite struct RecentSendersTests {
    @Test func theLastOnesAreKnownAndTheRestForgotten() {
        var senders = RecentSenders()
        let count = RecentSenders.generation * 3
        for number in 0..<count { senders.insert(MessageID(trusted: "m\(number)"), from: World.peer) }
        let known = (0..<count).filter { senders[MessageID(trusted: "m\($0)")] == .one(World.peer) }
        #expect(known == Array((count - known.count)..<count))
        #expect((RecentSenders.generation...2 * RecentSenders.generation).contains(known.count))
    }

    @Test func anIdOfTwoSendersIsNobodys() {
        var senders = RecentSenders()
        let id = MessageID(trusted: "a")
        senders.insert(id, from: World.peer)
        senders.insert(id, from: World.peer)
        #expect(senders[id] == .one(World.peer))
        senders.insert(id, from: World.other)
        senders.insert(id, from: World.peer)
        #expect(senders[id] == .several)
    }
}
