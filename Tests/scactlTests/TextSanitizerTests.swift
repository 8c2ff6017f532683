import Testing

@testable import scactl

@Suite struct TextSanitizerTests {
    /// Each row: what came, how a terminal is shown it, how a pipe is.
    @Test(arguments: [
        ("plain ~ text", "plain ~ text", "plain ~ text"),
        ("é 日本 👩‍👩‍👧 שלום", "é 日本 👩‍👩‍👧 שלום", "é 日本 👩‍👩‍👧 שלום"),
        ("\u{1B}[2J\u{1B}]0;title\u{7}", #"\x1b[2J\x1b]0;title\x07"#, #"\x1b[2J\x1b]0;title\x07"#),
        ("\u{9B}31m\u{9D}8;;x\u{9C}", #"\x9b31m\x9d8;;x\x9c"#, #"\x9b31m\x9d8;;x\x9c"#),
        ("\u{0}\u{8}\u{7F}\u{E}", #"\x00\x08\x7f\x0e"#, #"\x00\x08\x7f\x0e"#),
        ("a\nb\n", "a\n  b\n  ", #"a\nb\n"#),
        ("a\r\nb", "a\n  b", #"a\r\nb"#),
        ("safe\rEVIL", #"safe\rEVIL"#, #"safe\rEVIL"#),
        ("end\r", #"end\r"#, #"end\r"#),
        ("a\tb", "a\tb", #"a\tb"#),
        ("\u{202E}abc\u{202C}", #"\u{202e}abc\u{202c}"#, #"\u{202e}abc\u{202c}"#),
        (
            "\u{2066}x\u{2069}\u{200E}\u{200F}\u{61C}", #"\u{2066}x\u{2069}\u{200e}\u{200f}\u{61c}"#,
            #"\u{2066}x\u{2069}\u{200e}\u{200f}\u{61c}"#
        ),
        ("a\u{2028}b\u{2029}c\u{85}d", #"a\u{2028}b\u{2029}c\x85d"#, #"a\u{2028}b\u{2029}c\x85d"#),
        ("e\u{301}\u{1B}", "e\u{301}\\x1b", "e\u{301}\\x1b"),
        ("back\\slash", "back\\slash", "back\\slash"),
        ("", "", ""),
    ])
    func hostileTextIsShownAndNotObeyed(_ text: String, _ onTerminal: String, _ inPipe: String) {
        #expect(TextSanitizer.sanitized(text, .lines(indent: 2)) == onTerminal)
        #expect(TextSanitizer.sanitized(text, .oneLine) == inPipe)
    }

    @Test func noControlOfAnyKindGetsThrough() {
        let all = (0...0x2100).compactMap(Unicode.Scalar.init).map(String.init).joined()
        for scalar in TextSanitizer.sanitized(all, .oneLine).unicodeScalars {
            #expect(scalar.properties.generalCategory != .control, "\(scalar.value)")
            #expect(!scalar.properties.isBidiControl, "\(scalar.value)")
        }
    }
}
