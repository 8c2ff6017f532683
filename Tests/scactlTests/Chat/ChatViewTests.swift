import SCAClient
import SCACore
import Testing

@testable import scactl

struct ChatViewTests {
    private func view(isColored: Bool = false) -> ChatView {
        let renderer = TextRenderer(
            style: TerminalStyle(isColored: isColored),
            isTerminal: true,
            zone: .fixed(0),
            now: { World.now }
        )
        return ChatView(renderer: renderer, place: ["ws://h (sca.v2), as 9876543210"])
    }

    private func shown(_ line: ChatLine) -> String {
        String(decoding: view().lines(for: line).joined(), as: UTF8.self)
    }

    private func outcome(_ status: DeliveryStatus, _ text: String = "hi", isBare: Bool = true, isToPeer: Bool = true)
        -> ChatLine
    {
        let message = Outgoing(to: World.peer, text: text, id: MessageID(trusted: "m1"))
        return .outcome(Delivery(message, status), isBare: isBare, isToPeer: isToPeer)
    }

    @Test func aMessageLooksAsInHistory() {
        #expect(shown(.message(.example("1", text: "one\ntwo"))) == "14:03 9812345678: one\n      two\n")
    }

    @Test func marksFollowTheLineOrNameIt() {
        #expect(shown(outcome(.stored)) == "  ✓✓ stored\n")
        #expect(shown(outcome(.routed)) == "  ✓ routed\n")
        #expect(shown(outcome(.offline)) == "  ✗ offline, not delivered\n")
        #expect(shown(outcome(.timeout)) == "  ? timeout, perhaps not delivered\n")
        #expect(shown(outcome(.stored, isBare: false)) == "  ✓✓ stored: hi\n")
        #expect(shown(outcome(.stored, isBare: false, isToPeer: false)) == "  ✓✓ stored, to 9812345678: hi\n")
        let long = String(repeating: "a", count: 100)
        #expect(shown(outcome(.stored, long, isBare: false)) == "  ✓✓ stored: \(String(repeating: "a", count: 40))…\n")
        #expect(shown(outcome(.stored, "a\nb\u{1B}[2J", isBare: false)) == "  ✓✓ stored: a\\nb\\x1b[2J\n")
    }

    @Test func whatIsNotSentIsShownWhole() {
        let text = String(repeating: "x", count: 500)
        let message = Outgoing(to: World.peer, text: text, id: MessageID(trusted: "m1"))
        #expect(shown(.notSent(message)) == "not sent to 9812345678: \(text)\n")
        #expect(shown(.kept) == "  … kept until the connection is back\n")
    }

    @Test func comingAndGoingIsOneLine() {
        #expect(shown(.presence(came: [World.peer], went: [], at: World.now)) == "14:03 9812345678 came online\n")
        #expect(
            shown(.presence(came: [World.peer, World.other], went: [World.me], at: World.now))
                == "14:03 9812345678, 9000000001 came online; 9876543210 went offline\n"
        )
        let crowd = (0..<60).map { Mobile(trusted: String(9_000_000_000 + $0)) }
        #expect(
            shown(.presence(came: [], went: crowd, at: World.now)).hasSuffix("9000000049 and 10 more went offline\n")
        )
    }

    @Test func whoAndStatusAreSentences() {
        #expect(shown(.online([World.me], of: World.me)) == "nobody else is online\n")
        #expect(shown(.online([World.me, World.peer], of: World.me)) == "1 online: 9812345678\n")
        var status = ChatStatus(isConnected: true, peer: World.peer, isPeerOnline: true, waiting: 0, underWay: 0)
        #expect(
            shown(.status(status)) == """
                ws://h (sca.v2), as 9876543210
                connected
                writing to 9812345678, who is online

                """
        )
        status = ChatStatus(isConnected: false, peer: nil, isPeerOnline: nil, waiting: 2, underWay: 1)
        #expect(
            shown(.status(status)) == """
                ws://h (sca.v2), as 9876543210
                no connection; trying again
                writing to nobody yet: /to MOBILE
                1 sent and not answered yet
                2 kept until the connection is back

                """
        )
    }

    @Test func helpTellsEveryCommandOnALineOfItsOwn() {
        let lines = shown(.help).split(separator: "\n")
        for command in SlashCommand.all { #expect(lines.contains { $0.hasPrefix(command.name + " ") }) }
        #expect(lines.allSatisfy { $0.count <= 80 })
    }

    /// Whatever comes from elsewhere, the only escape sequences are the view's own colours.
    @Test func nothingThatArrivesReachesTheTerminalAsACommand() {
        let hostile = "\u{1B}]0;title\u{07}\u{1B}[2J\r\u{08}\u{9B}1A\u{202E}\u{1B}P q\u{1B}\\\n/quit\n"
        let lines: [ChatLine] = [
            .message(.example("1", text: hostile)), outcome(.stored, hostile, isBare: false), .remark(hostile),
            .notSent(Outgoing(to: World.peer, text: hostile, id: MessageID(trusted: "m1"))), .refusal(hostile),
            .failure(CommandFailure(.ours(.bug), hostile, hint: hostile, status: .io)),
        ]
        for line in lines {
            let text = String(decoding: view(isColored: true).lines(for: line).joined(), as: UTF8.self)
            let rest = ["1", "2", "31", "32", "33", "36", "0"].reduce(text) { text, tone in
                text.replacing("\u{1B}[\(tone)m", with: "")
            }
            let controls = rest.unicodeScalars.filter { $0.properties.generalCategory == .control && $0 != "\n" }
            #expect(controls.isEmpty, "\(line)")
            #expect(!rest.unicodeScalars.contains("\u{202E}"))
            #expect(!rest.contains("\n/quit"))
        }
    }
}
