import SCACommandLine
import Testing

/// The parser's messages, as both programs say them.
@Suite struct ParserMessageTests {
    @Test(
        arguments: [
            ("Unknown option '--x'.", "unknown option '--x'"), ("--x must be 1", "--x must be 1"), ("A\nb.", "A b"),
            ("", ""),
            ("TEXT is missing", "TEXT is missing"),
        ]
    )
    func aMessageIsOneSentence(_ message: String, _ sentence: String) {
        #expect(ParserMessage.sentence(message) == sentence)
    }

    @Test func aValueWithADashIsFound() throws {
        let long = try #require(
            ParserMessage.dashedValue("Missing value for '--timeout <duration>'", ["who", "--timeout", "-5"])
        )
        #expect(long.message == #"--timeout needs a value, and "-5" looks like an option"#)
        #expect(long.hint == nil, "no duration begins with a dash")
        let short = ParserMessage.dashedValue("Missing value for '-m <mobile>'", ["-m", "-5"])
        #expect(short?.option == "-m" && short?.hint == nil)
        let text = ParserMessage.dashedValue("Missing value for '--grep <text>'", ["history", "--grep", "-5"])
        #expect(text?.hint == "--grep=-5, if it is one")
        let file = ParserMessage.dashedValue("Missing value for '-k <file>'", ["-k", "-f"])
        #expect(file?.hint == "-k-f, if it is one")
    }

    @Test func otherMessagesAndValuesThatAreNotThereAreLeftAlone() {
        #expect(ParserMessage.dashedValue("Missing value for '--timeout <duration>'", ["--timeout"]) == nil)
        #expect(ParserMessage.dashedValue("Missing value for '--timeout <duration>'", ["--timeout", "5"]) == nil)
        #expect(ParserMessage.dashedValue("Unknown option '--x'", ["--x", "-5"]) == nil)
    }
}
