internal import FoundationEssentials
internal import NIOHTTP1
internal import SCACore

/// Asks a server for its `/health`. Needs no login.
public enum HealthCheck {
    private struct Body: Decodable {
        let status: String
        let connections: Int?
    }

    /// Asks once, over a connection of its own.
    ///
    /// - Parameters:
    ///   - endpoint: whom to ask.
    ///   - caFile: the authorities whose certificates are trusted, in PEM; nil: the system's.
    ///   - timeout: for everything together, name look-up to the last byte.
    /// - Returns: what it said, healthy or not.
    /// - Throws: `unreachable`, `timeout` or `tls_failed` if there is no answer, or a proxy's that has none; `invalid_server` if it
    ///   is not HTTP, or has no JSON object with a `status`; `bad_configuration` if the CA file cannot be used.
    public static func run(
        _ endpoint: Endpoint,
        caFile: String? = nil,
        timeout: Duration
    ) async throws(ClientError) -> HealthReport {
        let start = ContinuousClock.now
        let dialer = Dialer(endpoint: endpoint, timeout: timeout, caFile: caFile)
        let answer = try await HTTPExchange(dialer, .GET, "/health").run()
        let body = try? JSONDecoder().decode(Body.self, from: Data(answer.body))
        guard let body else {
            if HTTPRefusal.wantsTLS(status: answer.status, body: answer.body, endpoint) { throw TLS.expected(endpoint) }
            // What proxies say for a server that is away (RFC 9110, sections 15.6.3 to 15.6.5).
            if (502...504).contains(answer.status) {
                throw ClientError(
                    .unreachable,
                    "a proxy answers at \(endpoint), and no server behind it: found HTTP \(answer.status)",
                    hint: "see whether scad runs, and where the proxy expects it"
                )
            }
            throw ClientError(
                .invalidServer,
                "\(endpoint) is not an SCA server: expected a JSON object with a status from /health, "
                    + "found HTTP \(answer.status) with \(answer.body.count) bytes of something else",
                hint: "check the address and its path"
            )
        }
        return HealthReport(
            ok: answer.status == 200 && body.status == "ok",
            status: body.status,
            connections: body.connections,
            elapsed: .now - start,
            httpStatus: answer.status,
            peer: answer.peer
        )
    }
}

/// What a server said about itself.
public struct HealthReport: Hashable, Sendable {
    /// HTTP 200 and the status `ok`.
    public var ok: Bool
    /// The server's word: `ok`, `draining`, …
    public var status: String
    /// How many sessions it has; nil if it did not say.
    public var connections: Int?
    /// From the start of the connection to the whole answer.
    public var elapsed: Duration
    /// The HTTP status, 100 to 599.
    public var httpStatus: Int
    /// Who answered, by the connection.
    public var peer: ServerSighting

    /// Makes a report.
    public init(
        ok: Bool,
        status: String,
        connections: Int?,
        elapsed: Duration,
        httpStatus: Int,
        peer: ServerSighting = ServerSighting()
    ) {
        self.ok = ok
        self.status = status
        self.connections = connections
        self.elapsed = elapsed
        self.httpStatus = httpStatus
        self.peer = peer
    }
}
