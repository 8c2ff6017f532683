import Foundation
import Testing

/// The scripts that ask people and end with what they answer.
@Suite(.serialized) struct ExampleQuestionTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    // MARK: ask-yes-no

    @Test(arguments: [("yes", 0), ("Y!", 0), (" No.\n", 1), ("n", 1)] as [(String, Int32)])
    func anAnswerIsTheExitStatus(answer: String, status: Int32) async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let asking = try stage.script("ask-yes-no", ravi.mobile, "deploy 'it' $now?", by: asha)
        #expect(try await listener.rows(1)["text"] == ["deploy 'it' $now? (yes/no)"])
        try await ravi.run("send", "--to", asha.mobile, input: .text(answer + "\n"))
        let finished = try await asking.finish()
        #expect(finished.exit == .status(status), "\(finished.errors)")
        #expect(finished.output == "")
        try await asking.leavesNothing()
    }

    @Test func whatIsNeitherYesNorNoIsAskedAgain() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let mina = try stage.person("9000000003", on: server)
        let listener = try await ravi.listen()
        let asking = try stage.script("ask-yes-no", ravi.mobile, "deploy?", "1m", by: asha)
        try await listener.rows(1)
        #expect(try await mina.run("send", "--to", asha.mobile, "no").rows["status"] == ["stored"])
        try await ravi.run("send", "--to", asha.mobile, "yes, but \"later\"\\n\nno")
        #expect(try await listener.rows(2)["text"] == ["deploy? (yes/no)", "Please answer yes or no."])
        try await ravi.run("send", "--to", asha.mobile, "yes")
        #expect(try await asking.finish().exit == .status(0))
    }

    @Test func noAnswerIsTold() async throws {
        let (server, asha, ravi) = try await stage.scene()
        #expect(try await stage.script("ask-yes-no", ravi.mobile, "there?", by: asha).finish().exit == .status(69))
        let listener = try await ravi.listen()
        let late = try stage.script("ask-yes-no", ravi.mobile, "there?", "6s", by: asha)
        #expect(try await late.finish().exit == .status(124))
        let asking = try stage.script("ask-yes-no", ravi.mobile, "and now?", by: asha)
        try await listener.rows(2)
        try await asking.stop(expecting: .signal(SIGTERM))
        try await server.kill()
        #expect(try await stage.script("ask-yes-no", ravi.mobile, "there?", by: asha).finish().exit == .status(69))
    }

    // MARK: approve

    @Test func enoughThatSayYesApprove() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let (mina, nina) = (try stage.person("9000000003", on: server), try stage.person("9000000004", on: server))
        let listeners = [try await ravi.listen(), try await mina.listen()]
        let asking = try stage.script("approve", "2", "1m", "deploy?", ravi.mobile, mina.mobile, "9000000005", by: asha)
        for listener in listeners {
            #expect(try await listener.rows(1)["text"] == ["deploy? (yes/no; 2 of 3 must say yes)"])
        }
        #expect(try await asking.lines(1) == ["9000000005 offline"])
        try await nina.run("send", "--to", asha.mobile, "yes")
        try await mina.run("send", "--to", asha.mobile, "let me see")
        try await mina.run("send", "--to", asha.mobile, "yes")
        try await asking.lines(2)
        try await ravi.run("send", "--to", asha.mobile, "Yes!")
        let finished = try await asking.finish()
        #expect(finished.exit == .status(0), "\(finished.errors)")
        #expect(finished.lines == ["9000000005 offline", "9000000003 yes", "9123456780 yes"])
        for listener in listeners { #expect(try await listener.rows(2)["text"].last == "deploy? approved") }
    }

    @Test func tooManyThatSayNoRefuseAndTheDeadlineToo() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let mina = try stage.person("9000000003", on: server)
        let listeners = [try await ravi.listen(), try await mina.listen()]
        let asking = try stage.script("approve", "2", "1m", "deploy?", ravi.mobile, mina.mobile, by: asha)
        try await listeners[0].rows(1)
        try await ravi.run("send", "--to", asha.mobile, "no")
        #expect(try await asking.finish().exit == .status(1))
        #expect(try await listeners[1].rows(2)["text"].last == "deploy? refused")
        let late = try stage.script("approve", "1", "6s", "deploy?", ravi.mobile, by: asha)
        #expect(try await late.finish().exit == .status(124))
        #expect(try await listeners[0].rows(4)["text"].last == "deploy? not decided in time")

        for words in [["0", "1m"], ["3", "1m"], ["1", "soon"], ["x", "1m"]] {
            let odd = try stage.script("approve", words[0], words[1], "?", ravi.mobile, mina.mobile, by: asha)
            #expect(try await odd.finish().exit == .status(64), "\(words)")
        }
        let open = try stage.script("approve", "1", "1h", "deploy?", ravi.mobile, by: asha)
        try await listeners[0].rows(5)
        try await open.stop(expecting: .signal(SIGTERM))
        try await server.kill()
        #expect(
            try await stage.script("approve", "1", "1h", "?", ravi.mobile, by: asha).finish().exit == .status(69)
        )
    }
    private static let unaskable: [(words: [String], sentence: String, status: Int32)] = [
        (["1", "1h", "?", "9123456780", "912345678"], "912345678 is not a mobile, 10 to 32 digits", 64),
        (["3", "1h", "?", "9123456780"], "3 yeses are needed, but only 1 person is asked", 64),
        (["3", "1h", "?", "9123456780", "9000000003"], "3 yeses are needed, but only 2 people are asked", 64),
        (["1", "1h", String(repeating: "why ", count: 20_000), "9123456780"], "", 65),
    ]

    @Test(arguments: unaskable)
    func whatCannotBeAskedIsSaidAtOnce(_ words: [String], _ sentence: String, _ status: Int32) async throws {
        let (_, asha, _) = try await stage.scene()
        let path = "\(ExampleScripts.folder)/approve"
        let refused = try await stage.start(path, words, environment: asha.environment).finish()
        #expect(refused.exit == .status(status), "\(refused.errors)")
        #expect(refused.errors.hasPrefix("approve: \(sentence)") && refused.output == "")
    }
}
