internal import FoundationEssentials

/// One reading of both clocks, handed to the pure machines: they have none of their own.
struct Moment: Hashable, Sendable {
    /// What deadlines are measured by. It goes on while the machine sleeps, so that a laptop that wakes up finds its
    /// heartbeat overdue and its connection lost at once.
    var instant: ContinuousClock.Instant
    /// What people read, in milliseconds since 1970 UTC.
    var unixMilliseconds: Int64

    /// Reads both clocks.
    static func now() -> Moment {
        Moment(instant: .now, unixMilliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
    }
}

/// Random numbers of a pure machine (SplitMix64, by Steele, Lea and Flood, 2014): the owner chooses the seed, so a test can
/// repeat a run. Good enough to spread retries; not for keys.
struct JitterSource: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
