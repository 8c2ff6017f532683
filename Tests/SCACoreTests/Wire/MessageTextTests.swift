import Foundation
import SCACore
import SCATesting
import Testing

/// A text goes through escaping, a frame and unescaping unchanged, byte for byte.
struct MessageTextTests {
    static let texts = [
        "", " ", "Hello!", "\"", "\\", "\\\"", "\\n", "\\u0041", "/", "</script>", "\0", "a\0b",
        "\u{1}\u{1F}\u{7F}\u{80}\u{9F}",
        "\u{8}\u{C}\n\r\t", "\r\n", "é", "e\u{301}", "€", "😀", "👨‍👩‍👧", "नमस्ते", "\u{202E}abc", "\u{2028}\u{2029}",
        "\u{FEFF}", "\u{FFFE}\u{FFFF}",
        "\u{10FFFF}", "\u{D7FF}\u{E000}", String(repeating: "\"", count: 65_536),
        String(repeating: "\u{1}", count: 10_000),
    ]

    private func travelled(_ text: MessageText) throws -> MessageText {
        let to = try #require(Mobile("9876543210"))
        let bytes = FrameEncoder.encode(.message(to: to, text: text, id: nil))
        guard case .message(_, let read, _) = try FrameDecoder().clientFrame(bytes.span) else {
            throw WireError(.unknownType, "not a message")
        }
        return read
    }

    @Test func textComesBackByteForByte() throws {
        for text in Self.texts {
            let made = MessageText(text)
            let read = try travelled(made)
            let name = text.prefix(16).debugDescription
            #expect(read == made, "\(name)")
            for (count, string) in [(made.utf8Count, made.string), (read.utf8Count, read.string)] {
                #expect(count == text.utf8.count, "\(name)")
                #expect(string.utf8.elementsEqual(text.utf8), "\(name)")
            }
        }
    }

    @Test func randomTextsComeBackAndReadTheSameToFoundation() throws {
        var generator = SeededGenerator.announced()
        let to = try #require(Mobile("9876543210"))
        for _ in 0..<2_000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...40, using: &generator) {
                let limit: UInt32 = [0x20, 0x80, 0x800, 0x10000, 0x110000].randomElement(using: &generator) ?? 0x80
                text.unicodeScalars.append(Unicode.Scalar(UInt32.random(in: 0..<limit, using: &generator)) ?? "\"")
            }
            #expect(try travelled(MessageText(text)).string.utf8.elementsEqual(text.utf8), "seed \(generator.seed)")
            let bytes = FrameEncoder.encode(.message(to: to, text: MessageText(text), id: nil))
            let object = try JSONDecoder().decode([String: String].self, from: Data(bytes))
            #expect(object["text"]?.utf8.elementsEqual(text.utf8) == true, "seed \(generator.seed)")
        }
    }

    @Test func textsAreEqualHoweverTheyAreSpelled() throws {
        func read(_ escaped: String) throws -> MessageText {
            let bytes = [UInt8](#"{"type":"message","to":"9876543210","text":"\#(escaped)"}"#)
            guard case .message(_, let text, _) = try FrameDecoder().clientFrame(bytes.span) else {
                throw WireError(.unknownType, "not a message")
            }
            return text
        }
        let plain = MessageText("a/é😀")
        for spelling in [#"a/é😀"#, #"\u0061\/\u00e9\ud83d\ude00"#, #"a\u002Fé\uD83D\uDE00"#] {
            #expect(try read(spelling) == plain)
            #expect(try read(spelling).hashValue == plain.hashValue)
        }
        #expect(try read(#"a\/é"#) != plain)
        #expect(try read(#"a\\/é😀"#) != plain)
    }

    /// Swift's `String` calls these equal; a chat must not, since a copy would differ from what was sent.
    @Test func textsThatDifferInTheirBytesAreNotEqual() {
        #expect(MessageText("a\u{323}\u{307}") != MessageText("a\u{307}\u{323}"))
        #expect(MessageText("é") != MessageText("e\u{301}"))
        #expect(MessageText("K") != MessageText("\u{212A}"))
        #expect(MessageText("a") != MessageText("b"))
        #expect(MessageText("a") != MessageText("ab"))
    }
}
