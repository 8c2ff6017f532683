import SCACore
import Testing

/// The sizes that a decoder holds peers to, each at its limit and one over it.
struct FrameLimitsTests {
    let decoder = FrameDecoder()

    private func message(_ escaped: String) -> [UInt8] {
        [UInt8](#"{"type":"message","to":"9876543210","text":"\#(escaped)","id":"m-1"}"#)
    }

    private func refusal(_ bytes: [UInt8], by decoder: FrameDecoder? = nil) -> WireError? {
        do {
            _ = try (decoder ?? self.decoder).clientFrame(bytes.span)
            return nil
        } catch {
            return error
        }
    }

    // MARK: Text

    /// What stands in the frame, and how many bytes of text it is.
    @Test(arguments: [
        ("a", 1), ("é", 2), ("€", 3), ("😀", 4), (#"\n"#, 1), (#"\u0041"#, 1), (#"\u00e9"#, 2), (#"\u20ac"#, 3),
        (#"\ud83d\ude00"#, 4),
    ])
    func textIsLimitedByItsBytesOnceEscapesAreUndone(_ unit: String, _ size: Int) {
        let limit = 65_536
        let (whole, rest) = limit.quotientAndRemainder(dividingBy: size)
        let atLimit = String(repeating: unit, count: whole) + String(repeating: "x", count: rest)
        #expect(refusal(message(atLimit)) == nil)
        let error = refusal(message(atLimit + "x"))
        #expect(error?.code == .tooLarge)
        #expect(error?.id?.text == "m-1")
        #expect(error?.message == "text has 65537 bytes; at most 65536 are allowed")
    }

    @Test func limitOfTheTextIsASetting() {
        let strict = FrameDecoder(limits: WireLimits(textBytes: 4))
        #expect(refusal(message("😀"), by: strict) == nil)
        #expect(refusal(message("😀x"), by: strict)?.code == .tooLarge)
        let none = FrameDecoder(limits: WireLimits(textBytes: 0))
        #expect(refusal(message(""), by: none) == nil)
        #expect(refusal(message(" "), by: none)?.code == .tooLarge)
    }

    @Test func clientTakesAnyTextThatFitsAFrame() throws {
        let reader = FrameDecoder(limits: WireLimits(textBytes: 4, frameBytes: 8))
        func incoming(_ text: String) -> [UInt8] {
            [UInt8](#"{"type":"message","from":"9876543210","text":"\#(text)"}"#)
        }
        #expect(throws: Never.self) { try reader.serverFrame(incoming("12345678").span) }
        #expect(throws: WireError.self) { try reader.serverFrame(incoming("123456789").span) }
    }

    @Test func longestTextOfNewlinesOrQuotesFitsTheLongestFrame() throws {
        let limits = WireLimits()
        #expect(limits.frameBytes == 2 * 65_536 + 1_024)
        let from = try #require(Mobile(String(repeating: "9", count: 32)))
        let id = try #require(MessageID(String(repeating: "i", count: 64)))
        for unit in ["\n", "\"", "\\", "a", "😀"] {
            let text = MessageText(String(repeating: unit, count: limits.textBytes / unit.utf8.count))
            let message = RelayedMessage(from: from, to: from, text: text, id: id, unixMilliseconds: .min)
            #expect(FrameEncoder.encode(.message(message)).count <= limits.frameBytes)
        }
    }

    // MARK: Lists

    @Test(arguments: ["watch", "unwatch"])
    func oneThousandMobilesMayBeWatchedAtATime(_ type: String) throws {
        let mobiles = (0...1_000).map { "\"98765\(10_000 + $0)\"" }
        func list(_ count: Int) -> [UInt8] {
            [UInt8](#"{"type":"\#(type)","users":[\#(mobiles.prefix(count).joined(separator: ","))]}"#)
        }
        let frame = try decoder.clientFrame(list(1_000).span)
        switch frame {
        case .watch(let users), .unwatch(let users): #expect(users.map { "\"\($0)\"" } == mobiles.dropLast())
        default: Issue.record("\(frame)")
        }
        #expect(refusal(list(1_001))?.code == .tooLarge)
    }

    // MARK: Depth

    @Test(arguments: ["[]", "{}", "mixed"])
    func valuesMayNestThirtyTwoDeep(_ kind: String) {
        func frame(_ depth: Int) -> [UInt8] {
            var opening = ""
            var closing = ""
            for level in 0..<depth {
                let isList = kind == "[]" || kind == "mixed" && level % 2 == 0
                opening += isList ? "[" : #"{"a":"#
                closing = (isList ? "]" : "}") + closing
            }
            return [UInt8](#"{"x":\#(opening)0\#(closing),"type":"ping"}"#)
        }
        #expect(refusal(frame(1)) == nil)
        #expect(refusal(frame(32)) == nil)
        #expect(refusal(frame(33))?.code == .invalidFrame)
        #expect(refusal(frame(33))?.message.contains("nested deeper than 32") == true)
    }

    @Test func manyShallowValuesAreNotDeep() {
        let lists = String(repeating: "[[[]]],", count: 10_000)
        #expect(refusal([UInt8](#"{"x":[\#(lists)0],"type":"ping"}"#)) == nil)
    }

    @Test(arguments: ["[", #"{"a":"#, #"[{"a":"#, "[[],"])
    func aHundredThousandLevelsAreRefusedWithoutACrash(_ opening: String) {
        let open = String(repeating: opening, count: 100_000)
        for frame in [
            open, #"{"type":"ping","x":"# + open, #"{"type":"watch","users":"# + open,
            #"{"type":"ping","x":"# + open + String(repeating: "]", count: 100_000) + "}",
        ] {
            let bytes = [UInt8](frame)
            #expect(refusal(bytes)?.code == .invalidFrame)
            #expect(throws: WireError.self) { try decoder.serverFrame(bytes.span) }
        }
    }

    // MARK: What a refusal says

    @Test func refusalNeverRepeatsTheTextOfAMessage() {
        let secret = "the launch code is 0000"
        for frame in [
            #"{"type":"message","to":"x","text":"\#(secret)"}"#, #"{"type":"message","text":"\#(secret)"}"#,
            #"{"type":"message","to":"9876543210","text":"\#(secret)","id":""}"#,
            #"{"type":"message","to":"9876543210","text":["\#(secret)"]}"#,
            #"{"type":"message","to":"9876543210","text":"\#(secret)""#,
            #"{"type":"message","to":"9876543210","text":"\#(secret)\x"}"#,
            #"{"type":"message","to":"9876543210","text":"\#(String(repeating: secret, count: 3_000))"}"#,
            #"{"type":7,"text":"\#(secret)"}"#, #""\#(secret)""#,
        ] {
            let error = refusal([UInt8](frame))
            #expect(error != nil)
            #expect(error?.message.contains("launch") == false)
        }
    }

    @Test func unknownTypeIsRepeatedShortAndWithoutControlCharacters() {
        #expect(refusal([UInt8](#"{"type":"dance"}"#))?.message == #"unknown type "dance""#)
        let long = String(repeating: "z", count: 33)
        #expect(refusal([UInt8](#"{"type":"\#(long)"}"#))?.message == #"unknown type "\#(long.dropLast())…""#)
        #expect(refusal([UInt8](#"{"type":"\u001b[2J\u0000\u007f\u009b"}"#))?.message == #"unknown type "?[2J???""#)
    }

    /// One letter under 50,000 accents is one `Character`: cut by characters, the answer would be as long as the question.
    @Test func unknownTypeOfOneEndlessCharacterIsRepeatedShort() throws {
        let accents = String(repeating: "\u{301}", count: 50_000)
        let error = try #require(refusal([UInt8](#"{"type":"e\#(accents)"}"#)))
        #expect(error.code == .unknownType)
        #expect(error.message.utf8.count <= 256)
    }
}
