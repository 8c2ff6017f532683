import Foundation
import Testing

/// The table of exit statuses, row by row; what the server does to deserve 69, 76 and 77 is in `RefusalTests`, and signals are
/// in `SignalTests`.
@Suite(.serialized) struct ExitStatusTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func doneIsZeroAndSoIsAnEmptyList() async throws {
        let (_, asha, _) = try await stage.scene()
        let answer = try await asha.run("who")
        #expect(answer.exit == .status(0))
        #expect(answer.output.isEmpty)
        let health = try await asha.run("health")
        #expect(health.exit == .status(0))
        #expect(health.rows.first?.truth("ok") == true)
    }

    @Test func messageToSomebodyOfflineIsOne() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let answer = try await asha.run("send", "--to", ravi.mobile, "hi")
        #expect(answer.exit == .status(1))
        #expect(answer.rows["status"] == ["offline"])
    }

    @Test func whoIsOneIfAnyIsOffline() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        #expect(try await asha.run("who", ravi.mobile).exit == .status(0))
        let answer = try await asha.run("who", ravi.mobile, "9000000003")
        #expect(answer.exit == .status(1))
        #expect(answer.rows.map { $0.truth("online") } == [true, false])
        #expect(listener.exit() == nil)
    }

    @Test func searchThatFindsNothingIsOne() async throws {
        let asha = try stage.person("9876543210", on: nil)
        #expect(try await asha.run("history").exit == .status(0))
        #expect(try await asha.run("history", "--grep", "nothing").exit == .status(1))
    }

    @Test(arguments: [
        ["who", "--frobnicate"], ["frobnicate"], ["send", "--to", "9123456780", "-l", "-0"], ["who", "--mobile", "12"],
        ["send", "hi"], ["listen", "--timeout", "soon"], ["listen", "--events", "weather"], ["history", "--dir", "up"],
    ])
    func commandLineThatMakesNoSenseIs64(_ words: [String]) async throws {
        let asha = try stage.person("9876543210", on: nil)
        let answer = try await stage.start("scactl", words, environment: asha.environment).finish()
        #expect(answer.exit == .status(64))
        #expect(answer.output.isEmpty)
        #expect(!answer.errors.isEmpty)
    }

    @Test func badRecordIs65AndTheOthersAreStillSent() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let records = """
            {"to":"\(ravi.mobile)","text":"one","ref":"a"}
            {"to":"\(ravi.mobile)"
            {"to":"\(ravi.mobile)","text":3}
            {"to":"\(ravi.mobile)","text":"two","ref":"b"}
            """
        let answer = try await asha.run("send", "-j", input: .text(records))
        #expect(answer.exit == .status(65))
        #expect(answer.rows["status"] == ["stored", "stored"])
        #expect(answer.rows["ref"] == ["a", "b"])
        #expect(answer.errorRows.map { $0.number("line") } == [2, 3])
        #expect(answer.errorRows.map { $0.number("exit") } == [65, 65])
        #expect(try await listener.rows(2)["text"] == ["one", "two"])
    }

    @Test func historyThatCannotBeWrittenIs74() async throws {
        let (_, _, ravi) = try await stage.scene()
        // The tests may run as root, whom no mode stops: a file where the folder should be stops anyone.
        try FileManager.default.createDirectory(atPath: "\(ravi.folder)/data", withIntermediateDirectories: true)
        #expect(FileManager.default.createFile(atPath: "\(ravi.folder)/data/sca", contents: nil))
        // Said at once, before anybody sees them online, or anything is sent.
        #expect(try await ravi.run("listen").exit == .status(74))
        #expect(try await ravi.run("send", "--to", "9876543210", "hi").exit == .status(74))
    }

    @Test(.disabled(if: Sanitizer.isThread, "ThreadSanitizer's own files would be over the limit"))
    func historyThatIsFullIs74AndHasAllThatWasStored() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try ravi.shell("ulimit -f 4; exec scactl listen -v")
        try await listener.said("connected:")
        let sender = try asha.start("send", "-l", "--timeout", "5s", "--to", ravi.mobile, input: .open)
        var answers: [Row] = []
        while answers.last.map({ $0["status"] == "stored" }) ?? true, answers.count < 100 {
            sender.write("line \(answers.count)\n")
            answers = try await sender.rows(answers.count + 1)
        }
        #expect(try await listener.finish().exit == .status(74))
        #expect(answers.count > 2)
        #expect(answers.dropLast()["id"] == ravi.history["id"])
        #expect(try String(contentsOfFile: ravi.historyFile, encoding: .utf8).hasSuffix("}\n"))
    }

    @Test func standardOutputThatCannotBeWrittenIs74() async throws {
        let (_, asha, _) = try await stage.scene()
        let answer = try await asha.shell("scactl health > /dev/full").finish()
        #expect(answer.exit == .status(74))
        #expect(answer.errors.contains("stdout"))
    }

    @Test func nobodyLoggedInIs77() async throws {
        let server = try await stage.server()
        var nobody = try stage.person("9876543210", on: server)
        nobody.environment["SCACTL_MOBILE"] = nil
        for command in ["who", "listen", "history"] {
            let answer = try await nobody.run(command)
            #expect(answer.exit == .status(77))
            #expect(answer.errorRows["hint"] == ["scactl login MOBILE"])
        }
    }

    @Test(arguments: ["{", "[]", #"{"mobile":"12"}"#, #"{"mobile":9876543210}"#])
    func configurationThatCannotBeUsedIs78(_ text: String) async throws {
        let asha = try stage.person("9876543210", on: nil)
        try FileManager.default.createDirectory(
            atPath: "\(asha.folder)/config/sca",
            withIntermediateDirectories: true
        )
        try text.write(toFile: asha.configFile, atomically: true, encoding: .utf8)
        let answer = try await asha.run("who")
        #expect(answer.exit == .status(78))
        #expect(answer.errors.contains(asha.configFile))
    }

    @Test func timeThatRunsOutIs124() async throws {
        let (_, asha, ravi) = try await stage.scene()
        #expect(try await ravi.run("listen", "--timeout", "200ms").exit == .status(124))
        #expect(try await ravi.run("listen", "--idle", "200ms").exit == .status(124))
        #expect(try await asha.run("health", "--wait", "300ms", "-s", "ws://127.0.0.1:1").exit == .status(124))
        let listener = try await ravi.listen()
        try await listener.stop()
        let answer = try await asha.run("send", "--timeout", "3s", "--to", ravi.mobile, "are you there?")
        #expect(answer.exit == .status(124))
        #expect(answer.rows["status"] == ["timeout"])
    }

    @Test func timeThatRunsOutWhileConnectingIs124() async throws {
        let silent = try FakeServer(on: stage) { peer in
            _ = peer.readHead()
            peer.drain()
        }
        let asha = try stage.person("9876543210", on: nil)
        for command in ["who", "login 9876543210", "listen"] {
            let answer = try await asha.shell("scactl \(command) -s \(silent.url) --timeout 300ms").finish()
            #expect(answer.exit == .status(124), "\(command)")
            #expect(answer.errorRows["code"] == ["timeout"])
        }
    }
}
