import Foundation
import SCATesting
import Testing

/// `scactl doctor` with real servers, files and clocks.
@Suite(.serialized) struct DoctorTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    private func grade(_ name: String, _ finished: Finished) -> String? {
        finished.rows.of("check").first { $0["name"] == name }?["grade"]
    }

    @Test func allIsWellWithAServerAndALogin() async throws {
        let (server, asha, ravi) = try await stage.scene()
        try await asha.run("login", asha.mobile, "-s", server.url)
        let listener = try await ravi.listen()
        try await asha.run("send", "--to", ravi.mobile, "hi")
        let answer = try await asha.run("doctor", "--timeout", "2m")
        #expect(answer.exit == .status(0), "\(answer.output)")
        #expect(answer.errors == "")
        #expect(answer.rows.map { $0["grade"] } == Array(repeating: "ok", count: 10), "\(answer.output)")
        #expect(answer.output.contains("1 message in") && answer.output.contains("sca.v2"))
        #expect(listener.exit() == nil)
    }

    @Test func aDeadServerAndOneThatNeverAnswersAreWrong() async throws {
        let asha = try stage.person("9876543210", on: nil)
        let silent = try FakeServer(on: stage) { peer in
            _ = peer.readHead()
            peer.drain()
        }
        for url in ["ws://127.0.0.1:1", silent.url] {
            let answer = try await asha.run("doctor", "-s", url, "--timeout", "300ms")
            #expect(answer.exit == .status(1))
            #expect(grade("server", answer) == "failed")
            #expect(answer.rows.allSatisfy { ($0["grade"] == "ok") == ($0["hint"] == nil) })
        }
    }

    @Test func aServerWithAnotherClockIsSaid() async throws {
        let fields = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        let old = try FakeServer.http("200 OK", #"{"status":"ok","connections":0}"#, fields: fields, on: stage)
        var asha = try stage.person("9876543210", on: nil)
        asha.environment["SCACTL_MOBILE"] = nil
        let answer = try await asha.run("doctor", "-s", old.url, "--timeout", "2m")
        #expect(answer.exit == .status(1))
        #expect(grade("clock", answer) == "failed" && grade("server", answer) == "ok")
        #expect(answer.output.contains("ahead of the server's"))
    }

    @Test(arguments: [(90.0, "ok"), (5.5, "warning"), (-2.5, "failed")])
    func theEndOfACertificateIsSaid(_ days: Double, _ expected: String) async throws {
        let certificates = try Certificates(on: stage)
        try certificates.install(certificates.authority.issue { ($0.start, $0.end) = (-9 * 86_400, days * 86_400) })
        let server = try await certificates.server()
        let asha = try certificates.person("9876543210", on: server)
        let answer = try await asha.run("doctor", "--timeout", "2m")
        #expect(grade("tls", answer) == expected, "\(answer.output)")
        #expect(answer.exit == .status(expected == "failed" ? 1 : 0))
    }

    @Test func aServerThatWantsATokenIsSaidWithTheMobile() async throws {
        let key = "\(stage.folder)/key"
        try await stage.start("scad", ["token", "keygen", "--key", key]).finish()
        let (_, asha, _) = try await stage.scene("--auth", "token", "--token-key", key + ".pub")
        let answer = try await asha.run("doctor", "--timeout", "2m")
        #expect(answer.exit == .status(1))
        let session = answer.rows.first { $0["name"] == "session" }
        #expect(session?["grade"] == "failed" && session?["hint"] == "scactl login \(asha.mobile)")
    }

    @Test func aProcessThatKeepsTheHistoryLockedIsNamed() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        try await asha.run("send", "--to", ravi.mobile, "hi")
        try await listener.rows(1)
        let holder = try stage.start(
            "/usr/bin/flock",
            [ravi.historyFile, "/bin/sh", "-c", "echo locked; exec sleep 600"]
        )
        try await holder.lines(1)
        let answer = try await ravi.run("doctor")
        #expect(grade("history", answer) == "warning")
        #expect(answer.output.contains("is locked by "))
        try await holder.stop()
        let stopped = try await ravi.run("doctor")
        #expect(grade("history", stopped) == "failed" && stopped.exit == .status(1))
        holder.end()
    }

    @Test func nothingIsMadeByLooking() async throws {
        let (_, asha, _) = try await stage.scene()
        try await asha.run("doctor", "--timeout", "2m")
        #expect(try FileManager.default.subpathsOfDirectory(atPath: asha.folder) == [])
    }
}
