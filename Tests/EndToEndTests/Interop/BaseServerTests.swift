import Foundation
import Testing

/// `scactl` and a base server on FastAPI and uvicorn: it knows no ids, acks or receipts, one connection of a mobile
/// and no invisible ones.
@Suite(.serialized, .needsInteropPython) struct BaseServerTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func loginSaysThatTheServerSpeaksTheBaseDialect() async throws {
        let server = try await BaseServer.start(on: stage)
        var asha = try stage.person("9876543210", on: server)
        asha.environment["SCACTL_SERVER"] = nil
        asha.environment["SCACTL_MOBILE"] = nil
        let login = try await asha.run("login", asha.mobile, "--server", server.url)
        #expect(login.exit == .status(0))
        let row = #"{"type":"login","mobile":"9876543210","server":"\#(server.url)","dialect":"base"}"#
        #expect(login.lines == [row])
        #expect(login.errors.contains("base dialect"))
        // Both are remembered.
        #expect(try await asha.run("who", asha.mobile).exit == .status(0))
    }

    /// Who asks is online meanwhile: a base server lists it as well.
    @Test func whoTellsWhoIsOnlineAndWhoIsNot() async throws {
        let (_, asha, ravi) = try await stage.scene(BaseServer.start(on: stage))
        let listener = try await ravi.listen()
        let everybody = try await asha.run("who")
        #expect(everybody.exit == .status(0))
        #expect(everybody.rows["mobile"] == [ravi.mobile, asha.mobile])
        let both = try await asha.run("who", ravi.mobile, "9000000003")
        #expect(both.exit == .status(1))
        #expect(
            both.lines == [
                #"{"type":"user","mobile":"9123456780","online":true}"#,
                #"{"type":"user","mobile":"9000000003","online":false}"#,
            ]
        )
        #expect(try await asha.run("who", ravi.mobile).exit == .status(0))
        #expect(listener.exit() == nil)
    }

    @Test func sendTellsRoutedFromOffline() async throws {
        let (_, asha, ravi) = try await stage.scene(BaseServer.start(on: stage))
        let listener = try await ravi.listen()
        for wait in ["stored", "routed"] {
            let sent = try await asha.run("send", "--to", ravi.mobile, "--wait", wait, "waiting for \(wait)")
            #expect(sent.exit == .status(0))
            #expect(sent.rows["status"] == ["routed"])
        }
        let offline = try await asha.run("send", "--to", "9000000003", "hello?")
        #expect(offline.exit == .status(1))
        #expect(offline.rows["status"] == ["offline"])
        let several = try await asha.run("send", "--to", "\(ravi.mobile),9000000003", "--to", "9000000004", "to all")
        #expect(several.exit == .status(1))
        let outcomes = several.rows.map { "\($0["to"] ?? ""): \($0["status"] ?? "")" }.sorted()
        #expect(outcomes == ["9000000003: offline", "9000000004: offline", "9123456780: routed"])
        #expect(try await listener.rows(3)["text"] == ["waiting for stored", "waiting for routed", "to all"])
        #expect(asha.history["status"].sorted() == ["offline", "offline", "offline", "routed", "routed", "routed"])
    }

    @Test func thousandLinesArriveOnceAndInOrder() async throws {
        let (_, asha, ravi) = try await stage.scene(BaseServer.start(on: stage))
        let listener = try await ravi.listen()
        let lines = (1...1000).map { "line \($0)" }
        let input = Input.text(lines.joined(separator: "\n"))
        let sent = try await asha.run("send", "-l", "--to", ravi.mobile, input: input)
        #expect(sent.exit == .status(0))
        #expect(sent.rows["status"] == Array(repeating: "routed", count: 1000))
        #expect(try await listener.rows(1000)["text"] == lines)
        #expect(ravi.history["text"] == lines)
        #expect(Set(ravi.history["id"]).count == 1000)
        #expect(asha.history["text"] == lines)
    }

    @Test func jsonLinesGoToWhomTheyName() async throws {
        let (server, asha, ravi) = try await stage.scene(BaseServer.start(on: stage))
        let mina = try stage.person("9000000003", on: server)
        let listeners = [try await ravi.listen(), try await mina.listen()]
        let input = """
            {"to":"\(ravi.mobile)","text":"for Ravi","ref":"r"}
            {"to":["\(ravi.mobile)","\(mina.mobile)"],"text":"for\\nboth","ref":"b"}
            {"to":"9000000004","text":"for nobody","ref":"n"}
            """
        let sent = try await asha.run("send", "-j", input: .text(input))
        #expect(sent.exit == .status(1))
        let outcomes = sent.rows.map { "\($0["ref"] ?? "") \($0["status"] ?? "")" }.sorted()
        #expect(outcomes == ["b routed", "b routed", "n offline", "r routed"])
        #expect(try await listeners[0].rows(2)["text"] == ["for Ravi", "for\nboth"])
        #expect(try await listeners[1].rows(1)["text"] == ["for\nboth"])
    }

    @Test func healthIsToldAndTheLackOfItToo() async throws {
        let (server, asha, ravi) = try await stage.scene(BaseServer.start(on: stage))
        let listener = try await ravi.listen()
        let health = try await asha.run("health")
        #expect(health.exit == .status(0))
        #expect(health.rows.first?.truth("ok") == true)
        #expect(health.rows.first?["status"] == "ok")
        #expect(health.rows.first?.number("connections") == 1)
        listener.signal(SIGTERM)
        #expect(try await listener.finish().exit == .signal(SIGTERM))
        try await server.kill()
        for command in [["health"], ["who"], ["listen"], ["send", "--to", ravi.mobile, "x"], ["login", asha.mobile]] {
            let program = try stage.start("scactl", command, environment: asha.environment)
            let failed = try await program.finish()
            #expect(failed.exit == .status(69), "\(command)")
            #expect(failed.errorRows["code"] == ["unreachable"], "\(command)")
        }
    }

    /// Such a server has no invisible sessions: what it sends to any command is stored, whatever the command is for.
    @Test func messageToAnotherCommandIsInTheHistory() async throws {
        let (_, asha, ravi) = try await stage.scene(BaseServer.start(on: stage))
        let watching = try ravi.start("who", "--watch")
        #expect(try await watching.rows(1)["mobile"] == [ravi.mobile])
        let sent = try await asha.run("send", "--to", ravi.mobile, "not for this command")
        #expect(sent.rows["status"] == ["routed"])
        try await eventually("the message") { ravi.history["text"] == ["not for this command"] }
        #expect(watching.exit() == nil)
    }
}
