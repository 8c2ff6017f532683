/// Finds the sessions that have been silent too long, looking only at those that are due.
///
/// A session sits in the bucket of the first cleanup at which it could have timed out. Activity only
/// sets a time in the session: nothing is moved. When its bucket comes up, a session that was active
/// meanwhile moves to the bucket of its new deadline, any other has timed out. So a heartbeat costs one
/// store, and a cleanup costs the sessions due at it. Rejected: a timer per session (memory), a heap
/// (log n per heartbeat), a scan of all sessions per cleanup.
struct Heartbeats {
    private let timeout: Int64
    private let interval: Int64
    private var buckets: [Int64: [SessionID]] = [:]
    private var lastTick: Int64

    /// - Parameters:
    ///   - timeout: how long a session may be silent, in nanoseconds.
    ///   - interval: how often the cleanup runs, in nanoseconds; at least 1.
    init(timeout: Int64, interval: Int64, now: Int64) {
        self.timeout = timeout
        self.interval = max(1, interval)
        lastTick = now / self.interval
    }

    /// When the next cleanup is due; nil while there are no sessions.
    var nextDeadline: Int64? {
        buckets.isEmpty ? nil : (lastTick + 1) * interval
    }

    mutating func add(_ session: SessionID, lastActivity: Int64) {
        // The first cleanup at or after the deadline.
        let tick = max((lastActivity + timeout + interval - 1) / interval, lastTick + 1)
        buckets[tick, default: []].append(session)
    }

    /// Runs the cleanups that are due.
    ///
    /// - Parameter lastActivity: of a session; nil if it is gone.
    /// - Returns: the sessions that have timed out; they are no longer kept here.
    mutating func sweep(now: Int64, lastActivity: (SessionID) -> Int64?) -> [SessionID] {
        let tick = now / interval
        guard tick > lastTick else { return [] }
        var due: [SessionID] = []
        if tick - lastTick > Int64(buckets.count) {
            for passed in buckets.keys.filter({ $0 <= tick }).sorted() {
                due += buckets.removeValue(forKey: passed) ?? []
            }
        } else {
            for passed in lastTick + 1...tick { due += buckets.removeValue(forKey: passed) ?? [] }
        }
        lastTick = tick
        var expired: [SessionID] = []
        for session in due {
            guard let active = lastActivity(session) else { continue }
            if now - active >= timeout { expired.append(session) } else { add(session, lastActivity: active) }
        }
        return expired
    }
}
