internal import NIOHTTP1
internal import SCACore

/// A no, before the upgrade: why, and when to ask again.
struct Refusal: Hashable, Sendable {
    /// The kinds, by the name they have in the log.
    enum Reason: String, Sendable, CaseIterable {
        case connections
        case connectRate = "connect_rate"
        case addressConnections = "address_connections"
        case addressRate = "address_rate"
        case memory
        case sessions
        case mobileSessions = "mobile_sessions"
        case draining
    }

    let reason: Reason
    /// Seconds, 1 or more; clients add a random time of their own.
    let retryAfter: Int
    private let message: String

    /// - Parameter message: what was found, and what to do.
    init(_ reason: Reason, retryAfter: Int = 5, _ message: String) {
        self.reason = reason
        self.retryAfter = max(1, retryAfter)
        self.message = message
    }

    /// What the body says.
    var error: WireError { WireError(code, message) }

    var code: WireError.Code { reason == .draining ? .draining : .rateLimited }

    /// 429 where the one who asks has too much (RFC 6585, section 4), 503 where all have (RFC 9110, section 15.6.4).
    var status: HTTPResponseStatus {
        switch reason {
        case .addressConnections, .addressRate, .mobileSessions: .tooManyRequests
        case .connections, .connectRate, .memory, .sessions, .draining: .serviceUnavailable
        }
    }
}
