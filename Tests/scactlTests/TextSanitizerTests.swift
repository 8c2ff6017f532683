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

    /// The tags of a flag's region, and their end.
    private static func tags(_ region: String) -> String {
        var text = String.UnicodeScalarView()
        for letter in region.unicodeScalars { Unicode.Scalar(0xE0000 + letter.value).map { text.append($0) } }
        return String(text) + "\u{E007F}"
    }

    @Test(arguments: [
        ("pay\u{200B}pal\u{AD}.com\u{FEFF}", #"pay\u{200b}pal\u{ad}.com\u{feff}"#),
        ("1\u{2060}2\u{2064}3\u{3164}4\u{206A}", #"1\u{2060}2\u{2064}3\u{3164}4\u{206a}"#),
        ("p\u{34F}a\u{115F}y\u{1160}", #"p\u{34f}a\u{115f}y\u{1160}"#),
        ("p\u{17B4}a\u{17B5}l\u{2800}", #"p\u{17b4}a\u{17b5}l\u{2800}"#),
        ("a\u{E0001}\u{E0068}\u{E0069}\u{E007F}", #"a\u{e0001}\u{e0068}\u{e0069}\u{e007f}"#),
        ("\u{1F3F4}\u{E0068}\u{E0069}\u{E007F}", "\u{1F3F4}" + #"\u{e0068}\u{e0069}\u{e007f}"#),
        ("\u{1F3F4}\(tags("gbeng"))\u{E0068}", "\u{1F3F4}\(tags("gbeng"))" + #"\u{e0068}"#),
        ("❤\u{FE0F}\u{E0100}\u{E0101}x", "❤\u{FE0F}" + #"\u{e0100}\u{e0101}x"#),
    ])
    func whatHidesOrCarriesASecondTextIsShown(_ text: String, _ shown: String) {
        for layout in [TextSanitizer.Layout.oneLine, .lines(indent: 2)] {
            #expect(TextSanitizer.sanitized(text, layout) == shown)
        }
    }

    @Test(arguments: [
        "\u{1F3F4}\(tags("gbeng"))\u{1F3F4}\(tags("gbsct"))!\u{1F3F4}\(tags("gbwls"))", "\u{1F3F4}\u{200D}☠\u{FE0F}",
        "می\u{200C}خواهم", "☎\u{FE0E}", "葛\u{E0100}葛\u{E0101}", "👩‍👩‍👧", "\u{600}12",
    ])
    func whatEmojiAndScriptsNeedIsLeftAlone(_ text: String) {
        #expect(TextSanitizer.sanitized(text, .oneLine) == text)
    }

    @Test func inJSONAHiddenCharacterIsAnEscapeOfTheSameValue() {
        let flag = "\u{1F3F4}\(Self.tags("gbwls"))"
        let escaped = TextSanitizer.escapingControls(inJSON: Array("\"a\u{E0068}\u{FEFF}\u{9B}👍\(flag)\"".utf8))
        #expect(String(decoding: escaped, as: UTF8.self) == #""a\udb40\udc68\ufeff\u009b👍\#(flag)""#)
    }

    @Test func noControlOfAnyKindGetsThrough() {
        let all = (0...0xFFFF).compactMap(Unicode.Scalar.init).map(String.init).joined()
        // The joiners; the Arabic, Syriac and Kaithi signs, which are seen.
        let shown = Set<UInt32>([0x200C, 0x200D, 0x6DD, 0x70F, 0x890, 0x891, 0x8E2] + Array(0x600...0x605))
        for scalar in TextSanitizer.sanitized(all, .oneLine).unicodeScalars {
            #expect(scalar.properties.generalCategory != .control, "\(scalar.value)")
            #expect(!scalar.properties.isBidiControl, "\(scalar.value)")
            #expect(scalar.properties.generalCategory != .format || shown.contains(scalar.value), "\(scalar.value)")
        }
    }
}
