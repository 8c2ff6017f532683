import SCACore
import Testing

@testable import scactl

/// Rows, byte for byte: what scripts rely on.
@Suite struct RowTests {
    static let stamp: Int64 = 1_795_363_670_974

    private static let sent = SentRow(
        id: MessageID(trusted: "m1"),
        to: World.peer,
        status: .stored,
        unixMilliseconds: stamp,
        elapsed: .milliseconds(3)
    )

    private static func rejected() -> SentRow {
        var row = sent
        row.reference = "a\"b"
        row.status = .rejected
        row.reason = "too\nlong"
        return row
    }

    @Test(arguments: [
        (
            Row.message(.example("m1", text: "hi", ts: stamp)),
            #"{"type":"message","id":"m1","ts":1795363670974,"dir":"in","from":"9812345678","to":"9876543210","text":"hi"}"#
        ),
        (
            .sent(sent),
            #"{"type":"sent","id":"m1","to":"9812345678","status":"stored","ts":1795363670974,"ms":3}"#
        ),
        (
            .sent(rejected()),
            #"{"type":"sent","id":"m1","ref":"a\"b","to":"9812345678","status":"rejected","ts":1795363670974,"ms":3,"#
                + #""reason":"too\nlong"}"#
        ),
        (.user(World.peer, isOnline: true), #"{"type":"user","mobile":"9812345678","online":true}"#),
        (
            .user(World.peer, isOnline: true, reference: "y"),
            #"{"type":"user","mobile":"9812345678","online":true,"ref":"y"}"#
        ),
        (.who(online: 3, reference: "y"), #"{"type":"who","ref":"y","online":3}"#),
        (
            .status(StatusRow(state: .lagging, dropped: 17, unixMilliseconds: stamp)),
            #"{"type":"status","state":"lagging","dropped":17,"ts":1795363670974}"#
        ),
        (
            .presence(World.peer, isOnline: false, at: stamp),
            #"{"type":"presence","mobile":"9812345678","online":false,"ts":1795363670974}"#
        ),
        (
            .status(StatusRow(state: .reconnecting, attempt: 3, unixMilliseconds: stamp)),
            #"{"type":"status","state":"reconnecting","attempt":3,"ts":1795363670974}"#
        ),
        (
            .status(StatusRow(state: .reconnected, gap: .milliseconds(4210), unixMilliseconds: stamp)),
            #"{"type":"status","state":"reconnected","gap_ms":4210,"ts":1795363670974}"#
        ),
        (
            .health(
                HealthRow(
                    isHealthy: false,
                    status: "\u{1}\u{8}x",
                    connections: nil,
                    server: "ws://h",
                    elapsed: .milliseconds(2)
                )
            ),
            #"{"type":"health","ok":false,"status":"\u0001\bx","server":"ws://h","ms":2}"#
        ),
        (
            .login(World.peer, server: "ws://h", dialect: .base),
            #"{"type":"login","mobile":"9812345678","server":"ws://h","dialect":"base"}"#
        ),
        (
            .check(.ok(.clock, "agrees")),
            #"{"type":"check","name":"clock","ok":true,"grade":"ok","message":"agrees"}"#
        ),
        (
            .check(.warning(.disk, "little", hint: "more")),
            #"{"type":"check","name":"disk","ok":true,"grade":"warning","message":"little","hint":"more"}"#
        ),
        (
            .check(.failed(.server, "no", hint: "go")),
            #"{"type":"check","name":"server","ok":false,"grade":"failed","message":"no","hint":"go"}"#
        ),
        (
            .error(CommandFailure(.client(.unreachable), "no", hint: "go", status: .unreachable)),
            #"{"type":"error","code":"unreachable","message":"no","hint":"go","exit":69}"#
        ),
        (
            .error(.badInput("no", hint: "go", line: 3)),
            #"{"type":"error","code":"bad_input","message":"no","hint":"go","exit":65,"line":3}"#
        ),
    ])
    func aJSONRowIsOneFlatObjectWithItsKeysInOrder(_ row: Row, _ expected: String) {
        #expect(String(decoding: JSONLinesRenderer().line(for: row), as: UTF8.self) == expected + "\n")
    }

    @Test func jsonOnATerminalEscapesWhatATerminalObeys() {
        let row = Row.message(.example("m1", text: "é\u{9B}\u{7F}\u{202E}👍", ts: Self.stamp))
        let line = String(decoding: JSONLinesRenderer(isTerminal: true).line(for: row), as: UTF8.self)
        #expect(line.hasSuffix(#""text":"é\u009b\u007f\u202e👍"}"# + "\n"))
    }

    private func text(_ row: Row, isTerminal: Bool, isColored: Bool = false, now: Int64 = stamp) -> String {
        let renderer = TextRenderer(
            style: TerminalStyle(isColored: isColored),
            isTerminal: isTerminal,
            zone: .fixed(2 * 3600),
            now: { now }
        )
        return String(decoding: renderer.line(for: row), as: UTF8.self)
    }

    @Test func onATerminalTodaysMessageShowsItsTimeAndOlderOnesTheirDate() {
        let row = Row.message(.example("m1", text: "hi", ts: Self.stamp))
        let day: Int64 = 86_400_000
        #expect(text(row, isTerminal: true) == "18:07 9812345678: hi\n")
        #expect(text(row, isTerminal: true, now: Self.stamp + 2 * day) == "11-22 18:07 9812345678: hi\n")
        #expect(text(row, isTerminal: true, now: Self.stamp + 100 * day) == "2026-11-22 18:07 9812345678: hi\n")
        #expect(text(row, isTerminal: false) == "2026-11-22 18:07:50 9812345678: hi\n")
    }

    @Test func aMessageCannotFakeARowOfItsOwn() {
        let row = Row.message(.example("m1", text: "hi\n18:08 9000000001: me too", ts: Self.stamp))
        #expect(text(row, isTerminal: true) == "18:07 9812345678: hi\n      18:08 9000000001: me too\n")
        #expect(
            text(row, isTerminal: false) == #"2026-11-22 18:07:50 9812345678: hi\n18:08 9000000001: me too"# + "\n"
        )
    }

    @Test func whatWentOutShowsToWhomAndWhatBecameOfIt() {
        let row = Row.message(.example("m1", text: "hi", ts: Self.stamp, direction: .out, status: .offline))
        #expect(text(row, isTerminal: true) == "18:07 to 9812345678: hi ✗ offline\n")
        #expect(text(.sent(Self.sent), isTerminal: true) == "✓✓ 9812345678 stored 3 ms\n")
        #expect(text(.sent(Self.rejected()), isTerminal: true) == "✗ 9812345678 rejected: too\\nlong (a\"b)\n")
    }

    @Test func coloursAreAroundOurOwnWordsOnly() {
        let row = Row.message(.example("m1", text: "\u{1B}[31mred", ts: Self.stamp))
        #expect(
            text(row, isTerminal: true, isColored: true)
                == "\u{1B}[2m18:07\u{1B}[0m \u{1B}[36m9812345678\u{1B}[0m: \\x1b[31mred\n"
        )
    }

    /// What a mark says, a word beside it says as well.
    @Test func aCheckSaysHowItWentInAWord() {
        #expect(text(.check(.ok(.clock, "agrees")), isTerminal: true) == "✓ clock ok: agrees\n")
        let doubtful = Row.check(.warning(.disk, "little \u{1B}left", hint: "free \u{1B}some"))
        #expect(text(doubtful, isTerminal: true) == "! disk warning: little \\x1bleft\n  try: free \\x1bsome\n")
        let wrong = Row.check(.failed(.server, "gone", hint: "try wss://h"))
        #expect(text(wrong, isTerminal: true) == "✗ server failed: gone\n  try: wss://h\n")
    }

    @Test func anErrorSaysWhatToTry() {
        let failure = CommandFailure(.ours(.bug), "no \u{1B}server", hint: "scad", status: .unreachable, line: 2)
        #expect(text(.error(failure), isTerminal: true) == "scactl: line 2: no \\x1bserver\n  try: scad\n")
    }

    @Test(
        arguments: [
            (TerminalStyle.Choice.auto, true, ["TERM": "xterm"], true), (.auto, false, ["TERM": "xterm"], false),
            (.auto, true, ["TERM": "xterm", "NO_COLOR": "1"], false),
            (.auto, true, ["TERM": "xterm", "NO_COLOR": ""], true), (.auto, true, ["TERM": "dumb"], false),
            (.auto, true, ["TERM": ""], false), (.auto, true, [:], false),
            (.always, false, ["NO_COLOR": "1"], true), (.never, true, ["TERM": "xterm"], false),
        ] as [(TerminalStyle.Choice, Bool, [String: String], Bool)]
    )
    func coloursFollowTheOptionThenNO_COLORThenTheTerminal(
        _ choice: TerminalStyle.Choice,
        _ isTerminal: Bool,
        _ environment: [String: String],
        _ isColored: Bool
    ) {
        #expect(TerminalStyle(choice, isTerminal: isTerminal, environment: environment).isColored == isColored)
    }
}
