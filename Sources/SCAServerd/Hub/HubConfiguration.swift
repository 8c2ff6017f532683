internal import SCACore

/// The rules that a hub keeps; times in nanoseconds, sizes in bytes.
struct HubConfiguration: Sendable {
    /// What `hello` says of the server, such as `scad/1.0.0`.
    var server = "scad/\(ServerVersion.current)"
    /// Makes ids for messages that come without one unique across restarts; any `MessageID` characters, at most 20.
    var epoch = "0"
    var limits = WireLimits()
    var pingTimeout: Int64 = 60_000_000_000
    var cleanupInterval: Int64 = 30_000_000_000
    /// What a session's outbox may hold before messages to it are refused.
    var outboxBytes = 1 << 20
    /// How long an outbox may stay full before its session is closed.
    var stallTimeout: Int64 = 10_000_000_000
    /// What one session may have on its way to other loops before it is not read from.
    var postedBytes = 128 << 10
    var rates = RateLimiter.Rates(framesPerSecond: 0, bytesPerSecond: 0)
    /// What presence may send in all, a second.
    var presenceBytesPerSecond = 256 << 20
    var sessionsPerMobile = 64
    var sessions = 0
}
