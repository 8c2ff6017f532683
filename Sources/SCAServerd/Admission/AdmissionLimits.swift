/// How many connections, how fast, and how much memory: what is asked of everyone who comes, before a session is opened.
///
/// Loopback addresses are exempt from what counts by address, unless `countsLoopback`: behind one of them may be a proxy on the
/// same machine that brings everybody, and a local test opens thousands. What counts all connections counts them too.
public struct AdmissionLimits: Sendable {
    /// Connections in all; 0: as many as files can be open, less `fileReserve`.
    public var connections = 0
    /// Connections of one address, the /64 of an IPv6 one; 0 for no limit. Many people can share an IPv4 address.
    public var connectionsPerAddress = 1_024
    /// New connections a second in all, twice that in a burst; 0 for no limit. Half of what one event loop can open.
    public var connectRate = 5_000
    /// New connections a second of one address, twice that in a burst; 0 for no limit.
    public var connectRatePerAddress = 100
    /// Whether loopback addresses have limits by address like any other.
    public var countsLoopback = false
    /// Files that connections may not use up, so that there is one for who must be told no, for a log, for a command; at most
    /// a quarter of the limit of open files.
    public var fileReserve = 64
    /// Above it no new session is let in.
    public var memory = MemoryLimit.share(percent: 80)

    /// All defaults.
    public init() {}

    /// Says what is wrong with the settings; nil if they can be served with.
    var problem: String? {
        if connections < 0 || connectionsPerAddress < 0 || connectRate < 0 || connectRatePerAddress < 0 {
            return "limits of connections must not be negative"
        }
        guard connectRate <= 1_000_000, connectRatePerAddress <= 1_000_000 else {
            return "a rate of new connections must be at most 1000000 a second"
        }
        guard fileReserve >= 0 else { return "the reserve of files must not be negative" }
        return memory.problem
    }
}
