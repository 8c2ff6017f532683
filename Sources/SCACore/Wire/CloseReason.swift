/// Why a WebSocket is closed: the status code and the sentence of a close frame (RFC 6455, section 7.4).
public struct CloseReason: Error, Hashable, Sendable {
    /// The status code, 1000 to 4999; 1005 stands for a close frame without one and is never sent.
    public let code: UInt16
    /// A sentence for a person, at most 123 bytes of UTF-8; may be empty.
    public let reason: String

    /// Makes a reason from its code and sentence.
    public init(code: UInt16, reason: String = "") {
        self.code = code
        self.reason = reason
    }

    /// 1000: done, nothing wrong.
    public static let normal = CloseReason(code: 1000)
    /// 1001: the server is going away; reconnect with jitter.
    public static let draining = CloseReason(code: 1001, reason: "server is draining; reconnect")
    /// 1005: the peer's close frame had no code. Never sent.
    public static let noStatus = CloseReason(code: 1005)
    /// 1008: not admitted; retrying does not help.
    public static let unauthorized = CloseReason(code: 1008, reason: "unauthorized")
    /// 1008: what let the session in has ended; with a new token it may come back.
    public static let tokenExpired = CloseReason(code: 1008, reason: "the token has expired")
    /// 1013: the session read too slowly; retry later.
    public static let tooSlow = CloseReason(code: 1013, reason: "session reads too slowly; retry later")
    /// 4000: no activity within the ping timeout; reconnect.
    public static let heartbeatTimeout = CloseReason(code: 4000, reason: "no heartbeat")

    /// 1002: the peer broke RFC 6455.
    public static func protocolError(_ what: String) -> CloseReason {
        CloseReason(code: 1002, reason: what)
    }

    /// 1007: a text message that is not UTF-8.
    public static func invalidData(_ what: String) -> CloseReason {
        CloseReason(code: 1007, reason: what)
    }

    /// 1009: a message over the hard limit.
    public static func tooBig(limit: Int) -> CloseReason {
        CloseReason(code: 1009, reason: "message over \(limit) bytes")
    }
}
