import SCACore
import Testing

@testable import scactl

@Suite struct RecordSplitterTests {
    private func records(_ blocks: [[UInt8]], separator: UInt8 = 0x0A, limit: Int = 100) -> [RecordSplitter.Record] {
        var splitter = RecordSplitter(separator: separator, limit: limit)
        var records = blocks.flatMap { splitter.append($0) }
        if let last = splitter.finish() { records.append(last) }
        return records
    }

    @Test(arguments: [
        "one\ntwo\n\nthree", "one\n", "one", "\n\n", "", "a\r\nb\r\n", "é\n👍\n", "too long for it\nok\nalso too long",
    ])
    func whereBlocksAreCutMakesNoDifference(_ text: String) {
        let bytes = Array(text.utf8)
        let whole = records([bytes], limit: 6)
        for cut in 0...bytes.count {
            #expect(records([Array(bytes[..<cut]), Array(bytes[cut...])], limit: 6) == whole, "cut at \(cut)")
        }
        #expect(records(bytes.map { [$0] }, limit: 6) == whole)
    }

    @Test func recordsAreNumberedAndKeepTheirBytes() {
        let found = records([Array("one\r\n\ntwo".utf8)])
        #expect(found.map(\.number) == [1, 2, 3])
        #expect(found.map { String(decoding: $0.bytes ?? [], as: UTF8.self) } == ["one\r", "", "two"])
    }

    @Test func aRecordOverTheLimitIsReportedOnceAndBeforeItsEnd() {
        var splitter = RecordSplitter(separator: 0x0A, limit: 6)
        #expect(splitter.append(Array("1234567".utf8)) == [RecordSplitter.Record(number: 1, bytes: nil)])
        #expect(splitter.append(Array("89".utf8)).isEmpty)
        #expect(splitter.append(Array("0\n1\n".utf8)) == [RecordSplitter.Record(number: 2, bytes: [0x31])])
        #expect(splitter.finish() == nil)
    }

    @Test func aRecordOverTheLimitIsReportedInItsPlaceAndNotKept() {
        let found = records([Array("1234567\n123456\n".utf8), Array("12345".utf8), Array("67".utf8)], limit: 6)
        #expect(found.map { $0.bytes?.count } == [nil, 6, nil])
    }
}

@Suite struct MessageRecordTests {
    private func parse(_ text: String, _ form: InputForm) throws(CommandFailure) -> MessageRecord? {
        try MessageRecord.parse(RecordSplitter.Record(number: 7, bytes: Array(text.utf8)), as: form)
    }

    @Test func aLineIsATextAsItIs() throws {
        #expect(try parse("  hi ", .lines) == MessageRecord(text: "  hi ", line: 7))
        #expect(try parse("", .lines) == nil)
        #expect(try parse("\n", .nul) == MessageRecord(text: "\n", line: 7))
    }

    @Test func oneCarriageReturnAtTheEndOfALineIsNotSent() throws {
        #expect(try parse("a\rb\r\r", .lines)?.text == "a\rb\r")
        #expect(try parse("\r", .lines) == nil)
        #expect(try parse("a\r", .nul)?.text == "a\r")
        #expect(try MessageRecord.parseWhole(Array("a\r\nb\r\n".utf8)).text == "a\r\nb\r")
    }

    @Test(arguments: [("", "stdin is empty"), ("\n", "stdin has no text")])
    func whatIsMissingOnStdinIsSaid(_ input: String, _ words: String) {
        let failure = #expect(throws: CommandFailure.self) { try MessageRecord.parseWhole(Array(input.utf8)) }
        #expect(failure?.message == "nothing to send: \(words)")
    }

    @Test(arguments: [InputForm.lines, .nul, .jsonLines])
    func whatIsNotUTF8IsSaidInTheSameWords(_ form: InputForm) {
        let record = RecordSplitter.Record(number: 7, bytes: Array(#"{"text":""#.utf8) + [0xFF] + Array(#""}"#.utf8))
        let failure = #expect(throws: CommandFailure.self) { try MessageRecord.parse(record, as: form) }
        #expect(failure?.message == "not UTF-8; a message is text" && failure?.line == 7)
    }

    @Test func anObjectMayNameOneRecipientManyOrNone() throws {
        #expect(
            try parse(#"{"to":"9812345678","text":"h\u00e9","ref":"r","extra":{"a":[1]}}"#, .jsonLines)
                == MessageRecord(recipients: [World.peer], text: "hé", reference: "r", line: 7)
        )
        #expect(try parse(#"{"to":["9812345678","9000000001"],"text":"x"}"#, .jsonLines)?.recipients?.count == 2)
        #expect(try parse(#"{"text":"x"}"#, .jsonLines) == MessageRecord(text: "x", line: 7))
        #expect(try parse(" \t\r", .jsonLines) == nil)
    }

    @Test(arguments: [
        ("hello", "not a JSON object"), ("[1]", "not a JSON object"), (#"{"text":"x""#, "not a JSON object"),
        (#"{"to":"9812345678"}"#, "no \"text\""), (#"{"text":""}"#, "\"text\" is empty"),
        (#"{"text":5}"#, "\"text\" is not a string"), (#"{"text":"x","ref":5}"#, "\"ref\" is not a string"),
        (#"{"to":5,"text":"x"}"#, "\"to\" is not a mobile or a list of them"),
        (#"{"to":["9812345678",5],"text":"x"}"#, "\"to\" is not a mobile or a list of them"),
        (#"{"to":[],"text":"x"}"#, "\"to\" names nobody"),
        (#"{"to":"+98","text":"x"}"#, "a mobile is 10 to 32 digits, like 9876543210; found \"+98\""),
    ])
    func aBadObjectSaysWhatIsWrongWithIt(_ text: String, _ message: String) {
        let failure = #expect(throws: CommandFailure.self) { try parse(text, .jsonLines) }
        #expect(failure?.message == message)
        #expect(failure?.line == 7)
        #expect(failure?.status == .badInput)
    }

    @Test(arguments: [
        #"{"ref":"r"}"#, #"{"text":"","ref":"r"}"#, #"{"to":"912","text":"x","ref":"r"}"#,
        #"{"to":[],"text":"x","ref":"r"}"#, #"{"to":5,"text":"x","ref":"r"}"#,
    ])
    func aBadObjectsReferenceComesBack(_ text: String) {
        let failure = #expect(throws: CommandFailure.self) { try parse(text, .jsonLines) }
        #expect(failure?.reference == "r")
    }

    @Test func textThatIsNotUTF8IsRefused() {
        for form in [InputForm.lines, .nul, .jsonLines] {
            #expect(throws: CommandFailure.self) {
                try MessageRecord.parse(RecordSplitter.Record(number: 1, bytes: [0x22, 0xFF, 0x22]), as: form)
            }
        }
    }

    @Test func ofTheWholeStdinOneFinalNewlineIsDropped() throws {
        #expect(try MessageRecord.parseWhole(Array("a\n\n".utf8)).text == "a\n")
        #expect(try MessageRecord.parseWhole(Array("a".utf8)).text == "a")
        #expect(throws: CommandFailure.self) { try MessageRecord.parseWhole([]) }
    }
}
