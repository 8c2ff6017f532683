import Foundation
import Testing

/// How stdin becomes messages.
@Suite(.serialized) struct RecordTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func lastLineWithoutNewlineIsSent() async throws {
        try await expect("-l", "one\ntwo", gives: ["one", "two"])
    }

    @Test func emptyLinesAreSkipped() async throws {
        try await expect("-l", "\none\n\n\ntwo\n\n", gives: ["one", "two"])
    }

    @Test func nulSeparatesTextsThatHaveLines() async throws {
        try await expect("-0", "one\nstill one\0two\0\0three", gives: ["one\nstill one", "two", "three"])
    }

    @Test func wholeInputIsOneMessageLessOneNewline() async throws {
        try await expect(nil, "one\ntwo\n\n", gives: ["one\ntwo\n"])
    }

    @Test func anyUnicodeArrivesAsItWas() async throws {
        let text = "नमस्ते 👍🏽 \u{0} \u{1B}[31m \u{FEFF} \"\\ \u{2028} e\u{301}"
        try await expect(nil, text, gives: [text])
    }

    @Test func emptyInputIsBadWhereItIsTheWholeMessage() async throws {
        let (_, asha, ravi) = try await stage.scene()
        for input in [Input.nothing, .text(""), .text("\n")] {
            let answer = try await asha.run("send", "--to", ravi.mobile, input: input)
            #expect(answer.exit == .status(65))
            #expect(answer.output.isEmpty)
        }
    }

    @Test(arguments: ["-l", "-0", "-j"])
    func emptyInputIsNothingToDoForRecords(_ option: String) async throws {
        let (_, asha, ravi) = try await stage.scene()
        for input in [Input.nothing, .text("")] {
            let answer = try await asha.run("send", option, "--to", ravi.mobile, input: input)
            #expect(answer.exit == .status(0))
            #expect(answer.output.isEmpty)
            #expect(answer.errors.isEmpty)
        }
    }

    @Test func inputThatIsNotUTF8IsBadAndOtherLinesAreSent() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let bytes = Array("one\n".utf8) + [0xC3, 0x28, 0x0A] + Array("two\n".utf8)
        let answer = try await asha.run("send", "-l", "--to", ravi.mobile, input: .bytes(bytes))
        #expect(answer.exit == .status(65))
        #expect(answer.rows["status"] == ["stored", "stored"])
        #expect(answer.errorRows.map { $0.number("line") } == [2])
        #expect(try await listener.rows(2)["text"] == ["one", "two"])
        let whole = try await asha.run("send", "--to", ravi.mobile, input: .bytes([0xFF]))
        #expect(whole.exit == .status(65))
        #expect(ravi.history.count == 2)
    }

    @Test func textOfExactlyTheLimitIsStoredAndOneByteMoreRejected() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let longest = String(repeating: "é", count: 32_768)
        let stored = try await asha.run("send", "--to", ravi.mobile, input: .text(longest))
        #expect(stored.exit == .status(0))
        #expect(stored.rows["status"] == ["stored"])
        #expect(try await listener.rows(1)["text"] == [longest])
        let rejected = try await asha.run("send", "--to", ravi.mobile, input: .text(longest + "x"))
        #expect(rejected.exit == .status(65))
        #expect(rejected.rows["status"] == ["rejected"])
        #expect(rejected.errors.contains("65537") && rejected.errors.contains("65536"))
        #expect(ravi.history["text"] == [longest])
    }

    @Test func limitIsTheServersOwn() async throws {
        let (_, asha, ravi) = try await stage.scene("--max-text", "10")
        let listener = try await ravi.listen()
        let lines = "0123456789\n0123456789x\nlast\n"
        let answer = try await asha.run("send", "-l", "--to", ravi.mobile, input: .text(lines))
        #expect(answer.exit == .status(65))
        #expect(answer.errors.contains("this server takes 10"))
        #expect(try await listener.rows(2)["text"] == ["0123456789", "last"])
    }

    private func expect(
        _ option: String?,
        _ input: String,
        gives texts: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let sender =
            if let option {
                try asha.start("send", option, "--to", ravi.mobile, input: .text(input))
            } else { try asha.start("send", "--to", ravi.mobile, input: .text(input)) }
        let answer = try await sender.finish()
        #expect(answer.exit == .status(0), sourceLocation: sourceLocation)
        #expect(try await listener.rows(texts.count)["text"] == texts, sourceLocation: sourceLocation)
        #expect(ravi.history["text"] == texts, sourceLocation: sourceLocation)
    }
}
