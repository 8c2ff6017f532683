internal import SCACore
internal import Testing

@testable internal import SCAClient

@Suite(.timeLimit(.minutes(10)))
struct HealthCheckTests {
    private func answer(_ status: Int, _ body: String) async throws -> (ScriptedServer, Endpoint) {
        let server = try await ScriptedServer(.bytes(Handshake.refuse(status, body)))
        var endpoint = server.endpoint
        endpoint.basePath = "/sca"
        return (server, endpoint)
    }

    @Test func healthyServerIsReported() async throws {
        let (server, endpoint) = try await answer(200, #"{"status":"ok","connections":3,"later":[1]}"#)
        let report = try await HealthCheck.run(endpoint, timeout: .seconds(10))
        #expect(report.ok && report.status == "ok" && report.connections == 3 && report.httpStatus == 200)
        #expect(report.elapsed > .zero)
        guard case .request(let request) = await server.session()?.next() else { return #expect(Bool(false)) }
        #expect(request.starts(with: "GET /sca/health HTTP/1.1\r\n"))
    }

    @Test func unhealthyServerIsNoError() async throws {
        let (_, endpoint) = try await answer(503, #"{"status":"draining"}"#)
        let report = try await HealthCheck.run(endpoint, timeout: .seconds(10))
        #expect(!report.ok && report.status == "draining" && report.connections == nil && report.httpStatus == 503)
    }

    @Test(arguments: ["<html>", "{}", "[1]", #"{"status":7}"#, ""])
    func whatIsNoHealthIsNoServer(body: String) async throws {
        let (_, endpoint) = try await answer(200, body)
        let error = await #expect(throws: ClientError.self) {
            try await HealthCheck.run(endpoint, timeout: .seconds(10))
        }
        #expect(error?.code == .invalidServer)
    }

    @Test(arguments: [502, 503, 504]) func proxyWithoutAServerBehindItIsOneThatIsAway(status: Int) async throws {
        let (_, endpoint) = try await answer(status, "<html><body>Bad Gateway</body></html>")
        let error = await #expect(throws: ClientError.self) {
            try await HealthCheck.run(endpoint, timeout: .seconds(10))
        }
        #expect(error?.code == .unreachable && error?.message.contains("HTTP \(status)") == true)
    }

    @Test func whatIsNotHTTPIsNoServer() async throws {
        let server = try await ScriptedServer(.bytes(Array("SSH-2.0-x\r\n".utf8)))
        let error = await #expect(throws: ClientError.self) {
            try await HealthCheck.run(server.endpoint, timeout: .seconds(10))
        }
        #expect(error?.code == .invalidServer)
    }

    @Test func serverThatIsNotThereOrSilentIsExplained() async throws {
        let silent = try await ScriptedServer(.silence)
        let late = await #expect(throws: ClientError.self) {
            try await HealthCheck.run(silent.endpoint, timeout: .milliseconds(50))
        }
        #expect(late?.code == .timeout)
        try await silent.stop()
        let refused = await #expect(throws: ClientError.self) {
            try await HealthCheck.run(silent.endpoint, timeout: .seconds(10))
        }
        #expect(refused?.code == .unreachable)
    }
}
