import SCATesting
import Testing

@testable import SCACore

@Suite struct HistoryRowTests {
    @Test func lineHasTheKeysInOrder() throws {
        let incoming = try HistoryRow.test("a-1", "hi")
        #expect(
            incoming.line == #"{"type":"message","id":"a-1","ts":1795363670974,"dir":"in","#
                + #""from":"9123456789","to":"9876543210","text":"hi"}"# + "\n"
        )
        let outgoing = try HistoryRow.test("a_2", "", .out, status: .routed)
        #expect(
            outgoing.line == #"{"type":"message","id":"a_2","ts":1795363670974,"dir":"out","#
                + #""from":"9876543210","to":"9123456789","text":"","status":"routed"}"# + "\n"
        )
    }

    @Test func peerIsTheOtherOne() throws {
        let other = try Mobile.test("9123456789")
        #expect(try HistoryRow.test("1", "", .in).peer == other)
        #expect(try HistoryRow.test("1", "", .out).peer == other)
    }

    @Test(arguments: [
        "", "plain", "\"quoted\" and \\ and /", "\u{0}\u{1}\u{8}\t\n\u{B}\u{C}\r\u{1F}\u{7F}", "\u{2028}\u{2029}\u{85}",
        "👩‍👩‍👧‍👦 é e\u{301} ไทย \u{10FFFF}", #"{"type":"message","id":"x"}"#, "ends in \\", "\r\n",
    ])
    func textComesBackAsItWas(text: String) throws {
        for status in [nil] + DeliveryStatus.allCases.map(Optional.some) {
            let row = try HistoryRow.test("id", text, status == nil ? .in : .out, status: status)
            #expect(row.line.utf8.count { $0 == 0x0A } == 1)
            let back = HistoryRow.read(String(row.line.dropLast()))
            #expect(back == row)
            #expect(back.map { Array($0.text.utf8) } == Array(text.utf8))
        }
    }

    @Test func largestTextFitsALineEvenWhenAllOfItIsEscaped() throws {
        for scalar in ["\u{1}", "\"", "x", "👩"] {
            let row = try HistoryRow.test("id", String(repeating: scalar, count: 65536 / scalar.utf8.count))
            let line = row.line.dropLast()
            #expect(line.utf8.count <= HistoryRow.longestLine)
            #expect(HistoryRow.read(String(line)) == row)
        }
    }

    @Test func randomRowsComeBackAsTheyWere() throws {
        var random = SeededGenerator.announced()
        for _ in 0..<500 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                let range: ClosedRange<UInt32> = Bool.random(using: &random) ? 0...0x7F : 0...0x10FFFF
                if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) { text.append(scalar) }
            }
            var row = try HistoryRow.test("id", String(text), ts: .random(in: .min ... .max, using: &random))
            row.id = MessageID(unixMilliseconds: .random(in: 0...1 << 47, using: &random), using: &random)
            row.status = DeliveryStatus.allCases.randomElement(using: &random)
            let back = HistoryRow.read(Array(row.line.utf8.dropLast()))
            #expect(back == row)
            #expect(back?.line == row.line)
        }
    }

    @Test func rowsOfOtherProgramsAreRead() throws {
        let row = try HistoryRow.test("a", "café / 👋", .out, status: .stored)
        #expect(
            HistoryRow.read(
                #"{"status": "stored", "text": "caf\u00e9 \/ \ud83d\udc4b", "to": "9123456789", "extra": [1], "#
                    + #""from": "9876543210", "dir": "out", "ts": 1795363670974, "id": "a", "type": "message"}"#
            ) == row
        )
        var unknownStatus = row
        unknownStatus.status = nil
        #expect(HistoryRow.read(row.line.dropLast().replacing("stored", with: "eaten")) == unknownStatus)
    }

    @Test(arguments: [
        "", "{}", "garbage", "[1]", "null", "\u{0}\u{0}\u{0}",
        #"{"type":"sent","id":"a","ts":1,"dir":"in","from":"9123456789","to":"9876543210","text":"hi"}"#,
        #"{"type":"message","id":"","ts":1,"dir":"in","from":"9123456789","to":"9876543210","text":"hi"}"#,
        #"{"type":"message","id":"a b","ts":1,"dir":"in","from":"9123456789","to":"9876543210","text":"hi"}"#,
        #"{"type":"message","id":"a","ts":1,"dir":"up","from":"9123456789","to":"9876543210","text":"hi"}"#,
        #"{"type":"message","id":"a","ts":1,"dir":"in","from":"912345678","to":"9876543210","text":"hi"}"#,
        #"{"type":"message","id":"a","ts":99999999999999999999,"dir":"in","from":"9123456789","to":"9876543210","text":""}"#,
        #"{"type":"message","id":"a","ts":1,"dir":"in","from":"9123456789","to":"9876543210","text":"hi"#,
        #"{"type":"message","id":"a","ts":1,"dir":"in","from":"9123456789","to":"9876543210","text":"hi"}}"#,
        #"{"type":"message","id":"a","ts":1,"dir":"in","from":"9123456789","to":"9876543210","text":"\x"}"#,
        #"{"type":"message","id":"a","ts":1,"dir":"in","from":"9123456789","to":"9876543210","text":"h{"type":"message"}"#,
    ])
    func otherLinesAreNoRows(line: String) {
        #expect(HistoryRow.read(line) == nil)
    }

    @Test func badUTF8IsNoRow() throws {
        var bytes = Array(try HistoryRow.test("a", "hi").line.utf8.dropLast())
        bytes.replaceSubrange(bytes.count - 4..<bytes.count - 2, with: [0xC3, 0x28])
        #expect(HistoryRow.read(bytes) == nil)
    }

    @Test func everyPrefixOfALineIsNoRow() throws {
        let line = Array(try HistoryRow.test("a", "h\"é", .out, status: .busy).line.utf8.dropLast())
        for count in 0..<line.count {
            #expect(HistoryRow.read(Array(line[..<count])) == nil)
        }
    }
}
