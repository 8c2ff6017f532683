internal import SCACore

/// How a session ended, by the name that it has in metrics.
enum SessionEnd: String, CaseIterable, Sendable {
    /// The client said goodbye, vanished, or broke the protocol.
    case left
    case heartbeatTimeout = "heartbeat_timeout"
    case tooSlow = "too_slow"
    case tokenExpired = "token_expired"
    case draining

    init(_ reason: CloseReason) {
        switch reason {
        case .heartbeatTimeout: self = .heartbeatTimeout
        case .tooSlow: self = .tooSlow
        case .tokenExpired: self = .tokenExpired
        case .draining: self = .draining
        default: self = .left
        }
    }
}

/// What one loop's hub has done so far. Plain numbers without locks or atomics, owned by the loop: what happens for each message costs
/// an addition; they are read by the loop itself when somebody asks (`HubLoop.readings`).
struct HubCounters: Sendable {
    /// Messages that at least one session got.
    var routed = 0
    /// Messages that no session got: there was none, or none had room.
    var offline = 0
    var busy = 0
    var opened = 0
    var closed: [SessionEnd: Int] = [:]
    var badFrames: [WireError.Code: Int] = [:]
}

/// What the sockets of one loop have carried so far, as plain numbers, too.
struct TrafficCounters: Sendable {
    /// Bytes of frames, headers included, as they are on the wire but for TLS.
    var received = 0
    var sent = 0
    /// Clients that broke the protocol.
    var protocolErrors = 0
}

/// Why requests were not admitted on one loop.
struct AuthCounters: Sendable {
    var tokens: [TokenRefusal: Int] = [:]
    var foreignOrigins = 0
}

/// What one loop says of itself when it is asked.
struct LoopReadings: Sendable {
    var hub = HubCounters()
    var traffic = TrafficCounters()
    var auth = AuthCounters()
    var presence = Presence.Counts()

    static func += (left: inout LoopReadings, right: LoopReadings) {
        left.hub.routed += right.hub.routed
        left.hub.offline += right.hub.offline
        left.hub.busy += right.hub.busy
        left.hub.opened += right.hub.opened
        left.hub.closed.merge(right.hub.closed, uniquingKeysWith: +)
        left.hub.badFrames.merge(right.hub.badFrames, uniquingKeysWith: +)
        left.traffic.received += right.traffic.received
        left.traffic.sent += right.traffic.sent
        left.traffic.protocolErrors += right.traffic.protocolErrors
        left.auth.tokens.merge(right.auth.tokens, uniquingKeysWith: +)
        left.auth.foreignOrigins += right.auth.foreignOrigins
        left.presence.changes += right.presence.changes
        left.presence.updates += right.presence.updates
        left.presence.folded += right.presence.folded
    }
}
