/// Why a WebSocket is closed: the status code and the sentence of a close frame (RFC 6455, section 7.4).
public struct CloseReason: Error, Hashable, Sendable {
    /// The codes that a server of ours closes with.
    public enum Code: UInt16, CaseIterable, Hashable, Sendable {
        /// Done, nothing wrong.
        case normal = 1000
        /// The server is going away.
        case draining = 1001
        /// The peer broke RFC 6455.
        case protocolError = 1002
        /// A text that is not UTF-8.
        case invalidData = 1007
        /// Not admitted, or not any longer.
        case unauthorized = 1008
        /// A message over the hard limit.
        case tooBig = 1009
        /// The session read too slowly.
        case tooSlow = 1013
        /// No activity within the ping timeout.
        case heartbeatTimeout = 4000
    }

    /// The status code, 1000 to 4999; 1005 stands for a close frame without one and is never sent.
    public let code: UInt16
    /// A sentence for a person, at most 123 bytes of UTF-8; may be empty.
    public let reason: String

    /// Makes a reason from its code and sentence.
    public init(code: UInt16, reason: String = "") {
        self.code = code
        self.reason = reason
    }

    private init(_ code: Code, _ reason: String = "") {
        self.init(code: code.rawValue, reason: reason)
    }

    /// 1000: done, nothing wrong.
    public static let normal = CloseReason(.normal)
    /// 1001: the server is going away; reconnect with jitter.
    public static let draining = CloseReason(.draining, "server is draining; reconnect")
    /// 1005: the peer's close frame had no code. Never sent.
    public static let noStatus = CloseReason(code: 1005)
    /// 1008: not admitted; retrying does not help.
    public static let unauthorized = CloseReason(.unauthorized, "unauthorized")
    /// 1008: what let the session in has ended; with a new token it may come back.
    public static let tokenExpired = CloseReason(.unauthorized, "the token has expired")
    /// 1013: the session read too slowly; retry later.
    public static let tooSlow = CloseReason(.tooSlow, "session reads too slowly; retry later")
    /// 4000: no activity within the ping timeout; reconnect.
    public static let heartbeatTimeout = CloseReason(.heartbeatTimeout, "no heartbeat")

    /// 1002: the peer broke RFC 6455.
    public static func protocolError(_ what: String) -> CloseReason {
        CloseReason(.protocolError, what)
    }

    /// 1007: a text message that is not UTF-8.
    public static func invalidData(_ what: String) -> CloseReason {
        CloseReason(.invalidData, what)
    }

    /// 1009: a message over the hard limit.
    public static func tooBig(limit: Int) -> CloseReason {
        CloseReason(.tooBig, "message over \(limit) bytes")
    }
}
