import Foundation
import Testing

/// `health`, for people and for scripts that start a server.
@Suite(.serialized) struct HealthTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func waitLastsUntilAServerComesUp() async throws {
        let server = try await stage.lastingServer()
        _ = try await server.stop()
        let asha = try stage.person("9876543210", on: server)
        let waiting = try asha.start("health", "--wait", "5m", "-v")
        try await waiting.said("not healthy yet")
        _ = try await server.restarted(on: stage)
        let answer = try await waiting.finish()
        #expect(answer.exit == .status(0))
        #expect(answer.rows.first?.truth("ok") == true)
    }

    @Test func drainingServerIsNotHealthy() async throws {
        let (server, asha, ravi) = try await stage.scene("--drain-window", "60s")
        let sessions = try await RawSession.open((0..<20).map { String(9_000_000_000 + $0) }, on: server)
        server.program.signal(SIGTERM)
        try await server.program.said("draining")
        let answer = try await asha.run("health")
        #expect(answer.exit == .status(1))
        #expect(answer.rows.first?["status"] == "draining")
        #expect(answer.rows.first?.truth("ok") == false)
        #expect(try await ravi.run("listen").exit == .status(69))
        #expect(sessions.count == 20)
    }

    @Test func quietSaysItWithTheExitStatusAlone() async throws {
        let (_, asha, _) = try await stage.scene()
        let answer = try await asha.run("health", "-q")
        #expect(answer.exit == .status(0))
        #expect(answer.output.isEmpty && answer.errors.isEmpty)
    }
}
