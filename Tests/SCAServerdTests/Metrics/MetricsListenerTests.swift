import CoreMetrics
import Foundation
import MetricsTestKit
import SCACore
import Testing

@testable import SCAServerd

/// `GET /metrics` of a real server, over loopback.
@Suite(.serialized) struct MetricsListenerTests {
    /// Waits on a thread of its own: the answer needs one of those that tests share, and all of them might be waiting.
    private func ask(_ request: String, _ server: ChatServer) async throws -> String {
        let port = try #require(await server.metricsPort)
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let client = try RawClient(port: port)
                        try client.send(request)
                        return try client.readToEnd()
                    }
                )
            }
        }
    }

    private func get(_ path: String, _ server: ChatServer, method: String = "GET") async throws -> String {
        try await ask("\(method) \(path) HTTP/1.1\r\nHost: test\r\n\r\n", server)
    }

    @Test(arguments: [1, 3])
    func whatHappenedIsTold(threads: Int) async throws {
        try await withServer({
            $0.metrics = MetricsAddress(port: 0)
            $0.threads = threads
            $0.sessionsPerMobile = 1
        }) { server, port in
            let (asha, ravi) = (try RawClient(port: port), try RawClient(port: port))
            try ravi.open("/ws/9876543211?presence=none", protocols: "sca.v2")
            try asha.open("/ws/9876543210?presence=none", protocols: "sca.v2")
            _ = try (ravi.frame(), asha.frame())
            for to in ["9876543211", "9999999999"] {
                try asha.sendFrame(#"{"type":"message","to":"\#(to)","text":"a secret","id":"m"}"#)
                _ = try asha.frame()
            }
            try asha.sendFrame("rubbish")
            _ = try asha.frame()
            let refused = try RawClient(port: port)
            try refused.send(RawClient.upgrade("/ws/9876543210"))
            #expect(try refused.readToEnd().hasPrefix("HTTP/1.1 429 "))
            let foreign = try RawClient(port: port)
            try foreign.send(
                RawClient.upgrade("/ws/9876543212").replacing(
                    "Host: test\r\n",
                    with: "Host: test\r\nOrigin: http://evil.example\r\n"
                )
            )
            #expect(try foreign.readToEnd().hasPrefix("HTTP/1.1 403 "))

            let answer = try await get("/metrics", server)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
            for line in [
                "scad_sessions 2", "scad_mobiles 2", "scad_sessions_opened_total 2", "scad_messages_routed_total 1",
                #"scad_messages_refused_total{reason="recipient_offline"} 1"#,
                #"scad_frames_refused_total{reason="invalid_frame"} 1"#,
                #"scad_refusals_total{reason="mobile_sessions"} 1"#,
                #"scad_auth_failures_total{reason="foreign_origin"} 1"#, "scad_draining 0", "scad_memory_short 0",
                "scad_connections_accepted_total 4", #"scad_build_info{version="\#(ServerVersion.current)"} 1"#,
            ] {
                #expect(answer.contains("\n\(line)\n"), "\(line)")
            }
            for loop in 0..<threads { #expect(answer.contains("scad_loop_delay_seconds_count{loop=\"\(loop)\"} ")) }
            #expect(answer.matches(of: /scad_(received|sent)_bytes_total (\d+)/).count { Int($0.2) ?? 0 > 100 } == 2)
            #expect(!answer.contains("987654321") && !answer.contains("secret"))
            #expect(try await get("/metrics?x=1", server).hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func whatIsNoRequestForMetricsIsToldSo() async throws {
        try await withServer({ $0.metrics = MetricsAddress(port: 0) }) { server, port in
            let head = try await get("/metrics", server, method: "HEAD")
            #expect(head.hasPrefix("HTTP/1.1 200 ") && head.hasSuffix("\r\n\r\n"))
            for (path, method, status) in [
                ("/", "GET", 404), ("/health", "GET", 404), ("/ws/9876543210", "GET", 404), ("/metrics", "POST", 405),
            ] {
                #expect(try await get(path, server, method: method).hasPrefix("HTTP/1.1 \(status) "))
            }
            #expect(try await ask("rubbish\r\n\r\n", server).hasPrefix("HTTP/1.1 400 "))
            let long = "GET /metrics HTTP/1.1\r\nX: " + String(repeating: "x", count: 9_000)
            #expect(try await ask(long, server).hasPrefix("HTTP/1.1 431 "))
            // And the clients' port knows nothing of metrics.
            let client = try RawClient(port: port)
            try client.send("GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n")
            #expect(try client.readToEnd().hasPrefix("HTTP/1.1 404 "))
        }
    }

    @Test func metricsAreOffUnlessAskedFor() async throws {
        try await withServer { server, _ in #expect(await server.metricsPort == nil) }
    }

    @Test func aBackendOfSomebodyElsesGetsTheSame() async throws {
        let backend = TestMetrics()
        try await withMetricsFactory(backend) {
            try await withServer { server, port in
                let client = try RawClient(port: port)
                try client.open("/ws/9876543210")
                _ = try client.frame()
                await server.updateMetrics()
                #expect(try backend.expectMeter("scad_sessions").values == [1])
                #expect(try backend.expectCounter("scad_sessions_opened_total").values == [1])
                #expect(throws: Never.self) { try backend.expectTimer("scad_loop_delay_seconds", [("loop", "0")]) }
                #expect(await server.metricsPort == nil)
            }
        }
    }

    @Test func aTakenPortIsAClearSentenceAndNothingIsLeft() async throws {
        try await withServer({ $0.metrics = MetricsAddress(port: 0) }) { server, _ in
            let port = try #require(await server.metricsPort)
            var configuration = ServerConfiguration()
            configuration.port = 0
            configuration.metrics = MetricsAddress(port: port)
            let second = ChatServer(configuration: configuration, logger: .init(label: "test"))
            let error = await #expect(throws: ServerError.self) { _ = try await second.start() }
            #expect(error?.message == "127.0.0.1:\(port) is in use")
            #expect(error?.hint == "stop the other program, or choose another port with --metrics")
            #expect(error?.code == .cannotListen)
            #expect(await !second.answers())
        }
    }

    @Test func aServerThatRunsAnswersForAllItsLoops() async throws {
        try await withServer({ $0.threads = 3 }) { server, _ in
            #expect(await server.answers())
            await server.stop()
            #expect(await !server.answers())
        }
    }
}
