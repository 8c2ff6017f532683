import Foundation
import Testing

/// The scripts of `examples/scripts` that send and listen, each as somebody would call it.
@Suite(.serialized) struct ExampleScriptTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    // MARK: notify

    @Test func notifySendsWhatAFailedCommandSaid() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let quiet = try await stage.script("notify", ravi.mobile, "echo", "all is well", by: asha).finish()
        #expect(quiet.exit == .status(0))
        let command = #"echo "$1"; printf 'odd \377byte\n' >&2; exit 3"#
        let failed = try await stage.script("notify", ravi.mobile, "sh", "-c", command, "-", "$(id) 'é'", by: asha)
            .finish()
        #expect(failed.exit == .status(3))
        #expect(quiet.output + failed.output == "")
        let text = try await listener.rows(1).first?["text"] ?? ""
        #expect(text.hasPrefix("sh -c \(command) - $(id) 'é'\nfailed on "))
        #expect(text.hasSuffix(" with exit status 3\n\n$(id) 'é'\nodd byte"))
    }

    @Test func notifySendsTheEndOfALongOutput() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let command = "yes ééééé | head -c 200001; echo the end; exit 5"
        #expect(
            try await stage.script("notify", ravi.mobile, "sh", "-c", command, by: asha).finish().exit == .status(5)
        )
        let text = try await listener.rows(1).first?["text"] ?? ""
        #expect(text.utf8.count > 40_000)
        #expect(text.hasSuffix("éé\nthe end") || text.hasSuffix("ééthe end"))
    }

    @Test func notifyPrintsWhatItCannotDeliver() async throws {
        let (_, asha, ravi) = try await stage.scene()
        var hurried = asha
        hurried.environment["NOTIFY_RETRY_FOR"] = "100ms"
        let script = try stage.script("notify", ravi.mobile, "sh", "-c", "echo out; exit 4", by: hurried)
        let finished = try await script.finish()
        #expect(finished.exit == .status(4))
        #expect(finished.output.hasSuffix(" with exit status 4\n\nout\n"))
    }

    @Test func notifyEndsItsCommandWhenItIsKilled() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let script = try stage.script("notify", ravi.mobile, "sh", "-c", "touch started; exec sleep 600", by: asha)
        try await eventually("the command") {
            FileManager.default.fileExists(atPath: "\(asha.folder)/started")
        }
        try await script.stop(expecting: .status(143))
    }

    // MARK: on-call

    @Test func onCallTellsTheFirstWhoIsThere() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let mina = try stage.person("9000000003", on: server)
        let listeners = [try await ravi.listen(), try await mina.listen()]
        let text = "-x \"$HOME\" `id`\n'two' lines"
        let told = try await stage.script("on-call", text, "9000000004", ravi.mobile, mina.mobile, by: asha).finish()
        #expect(told.exit == .status(0))
        #expect(told.rows["status"] == ["offline", "stored"])
        #expect(try await listeners[0].rows(1)["text"] == [text])
        #expect(mina.history.isEmpty)
        #expect(
            try await stage.script("on-call", text, "9000000004", "9000000005", by: asha).finish().exit == .status(1)
        )
    }

    // MARK: ask

    @Test func askPrintsTheAnswerOfWhomItAsked() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let mina = try stage.person("9000000003", on: server)
        let listener = try await ravi.listen()
        let asking = try stage.script("ask", ravi.mobile, "1m", "deploy", "'now'?", by: asha)
        #expect(try await listener.rows(1)["text"] == ["deploy 'now'?"])
        #expect(try await mina.run("send", "--to", asha.mobile, "no").rows["status"] == ["stored"])
        try await ravi.run("send", "--to", asha.mobile, "yes,\n\"now\" ✓")
        let answer = try await asking.finish()
        #expect(answer.exit == .status(0))
        #expect(answer.output == "yes,\n\"now\" ✓\n")
    }

    @Test func askTellsNoAnswerFromNobodyThere() async throws {
        let (server, asha, ravi) = try await stage.scene()
        #expect(try await stage.script("ask", ravi.mobile, "1m", "there?", by: asha).finish().exit == .status(1))
        let listener = try await ravi.listen()
        let late = try await stage.script("ask", ravi.mobile, "6s", "there?", by: asha).finish()
        #expect(late.exit == .status(124))
        #expect(late.output == "")
        #expect(try await listener.rows(1)["text"] == ["there?"])
        let asking = try stage.script("ask", ravi.mobile, "10m", "and now?", by: asha)
        try await listener.rows(2)
        try await asking.stop(expecting: .signal(SIGTERM))
        try await server.kill()
        #expect(try await stage.script("ask", ravi.mobile, "2s", "there?", by: asha).finish().exit == .status(69))
    }

    // MARK: greeter

    @Test func greeterGreetsEveryoneOnceEvenWhenStartedAgain() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let (mina, nina) = (try stage.person("9000000003", on: server), try stage.person("9000000004", on: server))
        let own = try await asha.listen("--events", "presence")
        let first = try await ravi.listen()
        let greeter = try stage.script("greeter", "hello,", "\"you\" $x", by: asha)
        #expect(try await first.rows(1)["text"] == ["hello, \"you\" $x"])
        first.signal(SIGTERM)
        try await first.finish()
        try await asha.misses(ravi)
        _ = try await ravi.listen()
        #expect(try await mina.listen("-n", "1").finish().rows["text"] == ["hello, \"you\" $x"])
        #expect(try await greeter.rows(2)["to"] == [ravi.mobile, mina.mobile])
        try await greeter.stop(expecting: .signal(SIGTERM))

        let again = try stage.script("greeter", "hello, \"you\" $x", by: asha)
        // Those that were greeted come first, so that a second greeting would come first as well.
        let back = try await mina.listen()
        try await asha.sees(ravi, mina)
        #expect(try await nina.listen("-n", "1").finish().rows["text"] == ["hello, \"you\" $x"])
        #expect(try await again.rows(1)["to"] == [nina.mobile])
        try await again.stop(expecting: .signal(SIGTERM))
        #expect(ravi.history.count == 1 && mina.history.count == 1)
        #expect(!asha.history["to"].contains(asha.mobile))
        #expect(own.exit() == nil && back.exit() == nil)
    }

    // MARK: forward-log

    @Test func forwardLogSendsWhatMatchesAndOutlivesTheServerAndTheFile() async throws {
        let server = try await stage.lastingServer()
        let (asha, ravi) = (
            try stage.person("9876543210", on: server), try stage.person("9123456780", on: server)
        )
        let log = "\(asha.folder)/-app.log"
        try append("error before\n", to: log)
        // It may be started before the server is.
        try await server.kill()
        let forwarding = try stage.script("forward-log", "-app.log", "err(or)|panic", ravi.mobile, by: asha)
        let next = try await server.restarted(on: stage)
        let listener = try await ravi.listen()
        try await follows(listener) { try append("probe error\n", to: log) }
        try append("an error \\ \"é\"\nfine\npanic ", to: log)
        try append([0xFF, 0x0A], to: log)
        try await hears(listener, ["an error \\ \"é\"", "panic \u{FFFD}"])

        try await next.kill()
        try append("error while it is down\n", to: log)
        _ = try await next.restarted(on: stage)
        try await hears(listener, ["an error \\ \"é\"", "panic \u{FFFD}", "error while it is down"])

        try FileManager.default.moveItem(atPath: log, toPath: log + ".1")
        try append("error in the next file\n", to: log)
        let all = ["an error \\ \"é\"", "panic \u{FFFD}", "error while it is down", "error in the next file"]
        try await hears(listener, all)
        try await forwarding.stop(expecting: .signal(SIGTERM))
        #expect(Set(forwarding.output.lines.map(Row.init)["status"]) == ["stored"])
    }

    @Test func forwardLogEndsWithWhatItNeedsAndSaysThatItsFileIsMissing() async throws {
        let (_, asha, ravi) = try await stage.scene()
        var stranger = try stage.person("9000000009", on: nil)
        stranger.environment["SCACTL_MOBILE"] = nil
        let refused = try stage.script("forward-log", "app.log", "error", ravi.mobile, by: stranger)
        let finished = try await refused.finish()
        #expect(finished.exit == .status(77), "\(finished.errors)")
        #expect(finished.errors.hasPrefix("forward-log: app.log cannot be read; waiting for it\n"))
        try await refused.leavesNothing()

        let odd = try stage.script("forward-log", "app.log", "(", ravi.mobile, by: asha)
        #expect(try await odd.finish().exit == .status(2))
        try await odd.leavesNothing()
    }

    // MARK: relay-to-file

    @Test func relayToFileSendsOneFileAndWritesTheOther() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let (outbox, inbox) = ("\(asha.folder)/to ravi.txt", "\(asha.folder)/from ravi.txt")
        try append("before\n", to: outbox)
        let listener = try await ravi.listen()
        let relay = try stage.script("relay-to-file", ravi.mobile, "to ravi.txt", "from ravi.txt", by: asha)
        try await follows(listener) { try append("probe\n", to: outbox) }
        try append("lunch?\n$(id) \"at one\"\n", to: outbox)
        try await hears(listener, ["lunch?", "$(id) \"at one\""])
        try await ravi.sees(asha)
        for text in ["yes,\nat one", "👍"] {
            #expect(try await ravi.run("send", "--to", asha.mobile, text).rows["status"] == ["stored"])
        }
        try await eventually("the inbox") {
            (try? String(contentsOfFile: inbox, encoding: .utf8)) == "yes,\nat one\n👍\n"
        }
        try await relay.stop(expecting: .signal(SIGTERM))

        try await server.kill()
        let orphan = try stage.script("relay-to-file", ravi.mobile, "to ravi.txt", "from ravi.txt", by: asha)
        #expect(try await orphan.finish().exit == .status(69))
        try await orphan.leavesNothing()
    }

    // MARK: -

    /// When `tail` has begun to follow cannot be seen; so something is done until the first of it arrives.
    private func follows(_ listener: Program, _ probe: () throws -> Void) async throws {
        try await eventually("a probe to arrive") {
            try probe()
            return !listener.output.lines.isEmpty
        }
    }

    /// Waits until these texts, and only these beside the probes, have arrived.
    private func hears(_ listener: Program, _ texts: [String]) async throws {
        try await eventually("\(texts)") {
            listener.output.lines.map(Row.init)["text"].filter { !$0.hasPrefix("probe") } == texts
        }
    }

    private func append(_ text: String, to path: String) throws {
        try append(Array(text.utf8), to: path)
    }

    private func append(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure.system("open \(path)") }
        try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).write(contentsOf: Data(bytes))
    }
}
