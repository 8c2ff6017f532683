import Foundation
import Testing

/// Who is let in by the real server, and what the real client makes of a no.
@Suite(.serialized) struct AdmissionTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    /// Sends the upgrade of a base client.
    private func knock(_ server: Server, _ mobile: Int) throws -> Socket {
        let socket = try Socket(port: server.port)
        socket.write(
            Array(
                """
                GET /ws/\(9_000_000_000 + mobile) HTTP/1.1\r
                Host: 127.0.0.1\r
                Connection: Upgrade\r
                Upgrade: websocket\r
                Sec-WebSocket-Version: 13\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                \r

                """.utf8
            )
        )
        return socket
    }

    /// How many of so many are let in, and what the last one was told who was not.
    private func rush(_ count: Int, _ options: String...) async throws -> (admitted: Int, refusal: String, log: String)
    {
        let server = try await Server.start(on: stage, options)
        let (admitted, refusal) = try await blocking {
            let sockets = try (0..<count).map { try knock(server, $0) }
            let heads = sockets.map { $0.readHead() }
            return (heads.filter { $0.hasPrefix("HTTP/1.1 101 ") }.count, heads.last { !$0.hasPrefix("HTTP/1.1 101 ") })
        }
        return (admitted, refusal ?? "", try await server.stop().errors)
    }

    @Test func connectionsInAll() async throws {
        let (admitted, refusal, log) = try await rush(20, "--max-connections", "12")
        #expect(admitted == 12)
        #expect(refusal.hasPrefix("HTTP/1.1 503 ") && refusal.contains("\r\nRetry-After: 5\r\n"))
        // One line at once and one at the end, however many were refused.
        let lines = log.split(separator: "\n").filter { $0.contains("refused new connections") }
        #expect(lines.count == 2)
        #expect(lines.first?.contains("count=1 reason=connections") == true, "\(lines)")
        #expect(lines.last?.contains("count=7 reason=connections") == true, "\(lines)")
    }

    @Test func connectionsOfOneAddress() async throws {
        let (admitted, refusal, log) = try await rush(10, "--limit-loopback", "--max-connections-per-address", "4")
        #expect(admitted == 4)
        #expect(refusal.hasPrefix("HTTP/1.1 429 ") && refusal.contains("\r\nRetry-After: 5\r\n"))
        #expect(log.contains("reason=address_connections"))
    }

    @Test func newConnectionsASecondOfOneAddress() async throws {
        let (admitted, refusal, log) = try await rush(10, "--limit-loopback", "--connect-rate-per-address", "1")
        // Two at once, and one more for each second that opening ten took.
        #expect((2...9).contains(admitted))
        #expect(refusal.hasPrefix("HTTP/1.1 429 ") && refusal.contains("\r\nRetry-After: 1\r\n"))
        #expect(log.contains("reason=address_rate"))
    }

    @Test func newConnectionsASecondInAll() async throws {
        let (admitted, refusal, log) = try await rush(10, "--connect-rate", "1")
        #expect((2...9).contains(admitted))
        #expect(refusal.hasPrefix("HTTP/1.1 503 ") && refusal.contains("\r\nRetry-After: 1\r\n"))
        #expect(log.contains("reason=connect_rate"))
    }

    @Test func loopbackIsExemptFromLimitsByAddressUnlessSaid() async throws {
        let (admitted, _, _) = try await rush(
            10,
            "--max-connections-per-address",
            "1",
            "--connect-rate-per-address",
            "1"
        )
        #expect(admitted == 10)
    }

    @Test func nobodyNewIsLetInAboveTheMemoryLimit() async throws {
        let server = try await stage.server("--memory-limit", "1M")
        try await eventually("a refusal") {
            let head = try await blocking { try knock(server, 0).readHead() }
            return head.hasPrefix("HTTP/1.1 503 ") && head.contains("\r\nRetry-After: 10\r\n")
        }
        // Who asks how it is gets an answer.
        let asha = try stage.person("9876543210", on: server)
        #expect(try await asha.run("health").exit == .status(0))
        let said = try await asha.start("who").finish()
        #expect(said.exit == .status(69))
        #expect(said.errors.contains("short of memory") && said.errors.contains("rate_limited"))
        #expect(try await server.stop().errors.contains("reason=memory"))
    }

    @Test(arguments: [
        ["--memory-limit", "lots"], ["--memory-limit", "200%"], ["--memory-limit", "10K"], ["--max-connections", "-1"],
        ["--connect-rate", "2000000"], ["--file-reserve", "-1"],
    ])
    func badLimitIs64(_ words: [String]) async throws {
        let answer = try await stage.start("scad", words).finish()
        #expect(answer.exit == .status(64))
        #expect(!answer.errors.isEmpty)
    }

    @Test(arguments: [
        ("SCAD_MAX_CONNECTIONS", "2", "connections"), ("SCAD_CONNECT_RATE", "1", "connect_rate"),
        ("SCAD_MEMORY_LIMIT", "1M", "memory"),
    ])
    func limitsComeFromTheEnvironment(_ name: String, _ value: String, _ reason: String) async throws {
        let program = try stage.start("scad", ["--port", "0", "--drain-window", "0"], environment: [name: value])
        let line = try await program.said("listening on ws://")
        let digits = try #require(line.firstMatch(of: /127\.0\.0\.1:(\d+)/)?.output.1)
        let port = try #require(Int(digits))
        var open: [Socket] = []
        for number in 0..<8 {
            let socket = try Socket(port: port)
            socket.write(Array("GET /ws/\(9_000_000_000 + number) HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
            open.append(socket)
        }
        if reason != "memory" { try await program.said("reason=\(reason)") }
        let bad = try await stage.start("scad", [], environment: [name: "x"]).finish()
        #expect(bad.exit == .status(64) && bad.errors.contains(name))
    }

    @Test(arguments: ["429 Too Many Requests", "503 Service Unavailable"])
    func refusedClientSaysWhyAndWhenToTryAgain(_ status: String) async throws {
        let body = #"{"error":{"code":"rate_limited","message":"the server has 12 connections, its limit"}}"#
        let full = try FakeServer.http(status, body, fields: "Retry-After: 7\r\n", on: stage)
        let asha = try stage.person("9876543210", on: nil)
        let said = try await stage.start("scactl", ["who", "-s", full.url], environment: asha.environment).finish()
        #expect(said.exit == .status(69))
        #expect(said.errorRows.map { $0["code"] } == ["rate_limited"])
        #expect(said.errors.contains("the server has 12 connections, its limit"))
        #expect(said.errors.contains("try again in 7s"))
    }
}
