import SCACore
import Testing

@testable import scactl

struct SlashCommandTests {
    @Test(arguments: ["", " ", "\t ", "\n"])
    func nothingIsNothing(_ line: String) {
        #expect(ChatEntry(line) == .nothing)
    }

    @Test(arguments: [
        "hi", " hi", "a /who", "1/2", "one\ntwo", "👍", " // a comment", "  /* one, too */", " /etc/passwd", " /",
        "\n who",
    ])
    func anythingElseIsText(_ line: String) {
        #expect(ChatEntry(line) == .text(line))
    }

    @Test func theLastLineBreakOfAPastedBlockIsDropped() {
        #expect(ChatEntry("one\ntwo\n") == .text("one\ntwo"))
        #expect(ChatEntry("one\n\n") == .text("one\n"))
    }

    @Test(arguments: [("//x", "/x"), ("//", "/"), ("///x", "//x"), ("//quit", "/quit")])
    func twoSlashesSendOne(_ line: String, _ text: String) {
        #expect(ChatEntry(line) == .text(text))
    }

    @Test func eachCommandIsRead() {
        #expect(ChatEntry("/to 9123456780 ") == .command(.to(Mobile(trusted: "9123456780"))))
        #expect(ChatEntry("/who") == .command(.who))
        #expect(ChatEntry("/history") == .command(.history(20)))
        #expect(ChatEntry("/history 3") == .command(.history(3)))
        #expect(ChatEntry("/grep two words") == .command(.grep("two words")))
        #expect(ChatEntry("/status") == .command(.status))
        #expect(ChatEntry("/presence on") == .command(.presence(true)))
        #expect(ChatEntry("/presence off") == .command(.presence(false)))
        #expect(ChatEntry("/help\n") == .command(.help))
        #expect(ChatEntry("/quit ") == .command(.quit))
    }

    @Test(arguments: [
        ("/foo", "there is no command /foo"), ("/", "there is no command /"), ("/QUIT", "there is no command /QUIT"),
        ("/who me", "/who stands alone"), ("/quit now", "/quit stands alone"), ("/to", "to whom?"),
        ("/to 12", "10 to 32 digits"), ("/to 98765 43210", "/to 9876543210?"), ("/history x", "1 to 1000"),
        ("/history 0", "1 to 1000"), ("/history 1001", "1 to 1000"), ("/grep", "/grep TEXT"),
        ("/presence", "on or off"), (" /who", "a blank before /who: without it, it is done; //who sends it"),
        ("\t /quit now", "a blank before /quit"), (" /hwo", "a blank before /hwo"),
    ])
    func whatMakesNoSenseIsRefusedAndNeverText(_ line: String, _ words: String) throws {
        guard case .refused(let sentence) = ChatEntry(line) else {
            Issue.record("\(ChatEntry(line))")
            return
        }
        #expect(sentence.contains(words))
    }

    @Test(
        arguments: [
            ("/wh", "/who"), ("/QUIT", "/quit"), ("/histroy 5", "/history"), ("/statsu", "/status"), ("/foo", nil),
            ("/", nil),
        ]
    )
    func aSlipIsUnderstoodButNotDone(_ line: String, _ meant: String?) {
        guard case .refused(let sentence) = ChatEntry(line) else {
            Issue.record("\(ChatEntry(line))")
            return
        }
        #expect(sentence.firstMatch(of: /did you mean (\/[a-z]+)\?/)?.output.1 == meant.map { $0[...] })
    }

    @Test func aCommandOfEndlessLengthIsRepeatedShort() {
        guard case .refused(let sentence) = ChatEntry("/" + String(repeating: "x", count: 100_000)) else {
            Issue.record("taken")
            return
        }
        #expect(sentence.utf8.count < 200)
    }

    @Test func everyCommandThatHelpTellsOfIsThere() {
        for command in SlashCommand.all {
            if case .refused(let sentence) = ChatEntry(command.name) {
                #expect(!sentence.contains("there is no command"))
            }
        }
    }
}

struct CompletionTests {
    private let completion = Completion(mobiles: [World.peer, World.other])

    @Test func aSlashCompletesToTheCommandsOnlyAtTheStart() {
        #expect(completion.candidates(for: "/h", after: "") == ["/history", "/help"])
        #expect(completion.candidates(for: "", after: "") == SlashCommand.all.map(\.name))
        #expect(completion.candidates(for: "/h", after: "see ").isEmpty)
        #expect(completion.candidates(for: "hello", after: "").isEmpty)
    }

    @Test func mobilesCompleteAfterTo() {
        #expect(completion.candidates(for: "", after: "/to ") == ["9812345678", "9000000001"])
        #expect(completion.candidates(for: "98", after: "/to ") == ["9812345678"])
        #expect(completion.candidates(for: "98", after: "").isEmpty)
        #expect(completion.candidates(for: "98", after: "/to 9000000001 ").isEmpty)
    }

    @Test func presenceTakesOnOrOff() {
        #expect(completion.candidates(for: "o", after: "/presence ") == ["on", "off"])
    }

    @Test func whatAllShareIsTheirPrefix() {
        #expect(Completion.commonPrefix(of: ["/history", "/help"]) == "/h")
        #expect(Completion.commonPrefix(of: ["98", "97"]) == "9")
        #expect(Completion.commonPrefix(of: ["98"]) == "98")
        #expect(Completion.commonPrefix(of: ["a", "b"]) == "")
        #expect(Completion.commonPrefix(of: []) == "")
    }
}
