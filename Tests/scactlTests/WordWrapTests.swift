import SCAClient
import SCACore
import Testing

@testable import scactl

/// Lines for narrow terminals.
@Suite struct WordWrapTests {
    @Test(arguments: [
        ("short", "short"), ("twenty columns fit it", "twenty columns fit it"),
        ("one two three four five six", "one two three four\n  five six"),
        ("  try: one two three four five", "  try: one two three\n    four five"),
        ("a  b", "a  b"), ("word", "word"),
        ("see https://example.org/a/long/path now", "see\n  https://example.org/a/long/path now"),
        ("first line is long enough\nsecond", "first line is long\n  enough\nsecond"),
        ("漢字 漢字 漢字 漢字 漢字", "漢字 漢字 漢字 漢字\n  漢字"),
        ("\u{1B}[31mred\u{1B}[0m words that are coloured", "\u{1B}[31mred\u{1B}[0m words that are\n  coloured"),
        ("a\tb\tc and this", "a\tb\tc and\n  this"),
    ])
    func linesAreBrokenAtBlanks(_ text: String, _ expected: String) {
        #expect(WordWrap.wrapped(text, to: 21) == expected)
    }

    @Test func withoutAWidthOrWithOneThatIsAbsurdNothingIsBroken() {
        let text = "one two three four five six seven"
        #expect(WordWrap.wrapped(text, to: nil) == text)
        #expect(WordWrap.wrapped(text, to: 3) == text)
    }

    @Test(arguments: [("a", 1), ("é", 1), ("e\u{301}", 1), ("漢", 2), ("👍", 2), ("👨‍👩‍👧", 2), ("🇮🇳", 2), ("✓", 1), ("❤️", 2)])
    func charactersHaveTheWidthThatTerminalsGiveThem(_ character: Character, _ columns: Int) {
        #expect(character.columns == columns)
    }

    /// Every kind of row, every error code, every line of the prompt: in 40 columns each line fits, and not a word is lost or cut.
    @Test func everythingThatIsPrintedFitsIn40Columns() async {
        let failures = CommandFailure.Code.allCases.map { code in
            CommandFailure(code, Self.sentence, hint: "scactl login 9876543210 --server wss://h", status: .bug)
        }
        let delivery = Delivery(Outgoing(to: World.peer, text: Self.sentence, id: MessageID(trusted: "m1")), .stored)
        let lines: [ChatLine] = [
            .message(.example("a", text: Self.sentence)), .outcome(delivery, isBare: false, isToPeer: false), .kept,
            .help,
            .notSent(Outgoing(to: World.peer, text: Self.sentence, id: MessageID(trusted: "m2"))),
            .presence(came: [World.peer, World.other], went: [World.me], at: World.now),
            .online([World.peer, World.other], of: World.me), .remark(Self.sentence), .refusal(Self.sentence),
            .status(ChatStatus(isConnected: false, peer: World.peer, isPeerOnline: false, waiting: 3, underWay: 4)),
        ]
        let narrow = Self.renderer(columns: 40)
        let wide = Self.renderer(columns: nil)
        let rows = RowPageTests.examples.flatMap { [$0.full, $0.least] } + failures.map(Row.error)
        for row in rows { Self.compare(narrow.line(for: row), wide.line(for: row)) }
        for line in lines {
            let (left, right) = (ChatView(renderer: narrow).lines(for: line), ChatView(renderer: wide).lines(for: line))
            Self.compare(Array(left.joined()), Array(right.joined()))
        }
        for mobile in [nil, "9876543210"] {
            var world = World()
            world.environment["SCACTL_MOBILE"] = mobile
            let welcome = await world.run().rows.first ?? ""
            #expect(welcome.split(separator: "\n").allSatisfy { $0.count <= 40 }, "\(welcome)")
        }
    }

    private static let sentence = "the quick brown fox jumps over the lazy dog, and then over the fence behind it"

    private static func renderer(columns: Int?) -> TextRenderer {
        TextRenderer(
            style: TerminalStyle(isColored: false),
            isTerminal: true,
            zone: .fixed(0),
            now: { World.now },
            columns: { columns }
        )
    }

    private static func compare(_ narrow: [UInt8], _ wide: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
        let (left, right) = (String(decoding: narrow, as: UTF8.self), String(decoding: wide, as: UTF8.self))
        let words = { (text: String) in text.split { $0 == " " || $0 == "\n" } }
        #expect(words(left) == words(right), sourceLocation: sourceLocation)
        for line in left.split(separator: "\n") where line.count > 40 {
            #expect(words(String(line)).count == 1, "\(line)", sourceLocation: sourceLocation)
        }
    }
}
