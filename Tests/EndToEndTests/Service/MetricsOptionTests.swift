import Foundation
import Testing

/// `scad --metrics`: where it listens, and what it says when it cannot. What it tells is held by `scripts/monitoring-check`.
@Suite(.serialized) struct MetricsOptionTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    private func port(_ program: Program) async throws -> Int {
        let line = try await program.said("metrics at http://127.0.0.1:")
        return try #require(line.firstMatch(of: /127\.0\.0\.1:(\d+)\/metrics$/).flatMap { Int($0.1) })
    }

    private func ask(_ path: String, port: Int) async throws -> String {
        let client = try Socket(port: port)
        client.write(Array("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        return try await blocking {
            var answer: [UInt8] = []
            while let more = client.readSome() { answer += more }
            return String(decoding: answer, as: UTF8.self)
        }
    }

    @Test(arguments: [["--metrics", "0"], ["--metrics", "127.0.0.1:0"], []])
    func itSaysWhereMetricsAre(options: [String]) async throws {
        let environment = options.isEmpty ? ["SCAD_METRICS": "0"] : [:]
        let program = try stage.start("scad", ["--port", "0"] + options, environment: environment)
        let port = try await port(program)
        #expect(try await ask("/metrics", port: port).contains("\nscad_sessions 0\n"))
        #expect(try await ask("/", port: port).hasPrefix("HTTP/1.1 404 "))
    }

    @Test func withoutItNothingIsServed() async throws {
        let server = try await stage.server()
        #expect(try await ask("/metrics", port: server.port).hasPrefix("HTTP/1.1 404 "))
        #expect(!server.program.errors.text.contains("metrics"))
    }

    @Test func aTakenPortIs69AndOneSentence() async throws {
        let server = try await stage.server()
        let answer = try await stage.start("scad", ["--port", "0", "--metrics", "\(server.port)"]).finish()
        #expect(answer.exit == .status(69))
        let hint = "stop the other program, or choose another port with --metrics"
        #expect(answer.errors == "scad: 127.0.0.1:\(server.port) is in use\n  try: \(hint)\n")
    }

    @Test(arguments: ["", "x", "65536", "host:", "1:2:3"])
    func whatIsNoAddressIs64(_ text: String) async throws {
        #expect(try await stage.start("scad", ["--metrics", text]).finish().exit == .status(64))
        guard !text.isEmpty else { return }
        let answer = try await stage.start("scad", [], environment: ["SCAD_METRICS": text]).finish()
        #expect(answer.exit == .status(64))
        #expect(answer.errors.contains("SCAD_METRICS"))
    }

    /// A server that was stopped is late with everything, and says so.
    @Test func aLoopThatWasHeldUpShowsInItsDelay() async throws {
        let program = try stage.start("scad", ["--port", "0", "--metrics", "0"])
        let port = try await port(program)
        try await program.stop()
        let start = ContinuousClock.now
        try await eventually("a second") { ContinuousClock.now - start > .seconds(1) }
        program.signal(SIGCONT)
        try await eventually("a delay of half a second or more") {
            let text = try await ask("/metrics", port: port)
            let sum = text.firstMatch(of: /scad_loop_delay_seconds_sum\{loop="0"\} ([0-9.]+)/).flatMap { Double($0.1) }
            return try #require(sum) > 0.5
        }
    }
}
