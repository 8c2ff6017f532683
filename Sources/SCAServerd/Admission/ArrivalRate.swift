/// A token bucket in one number: when the next arrival would be due if all came evenly (GCRA, ITU-T I.371). Pure.
///
/// Each arrival moves that instant on by one interval; one that finds it more than a burst ahead of now comes too soon and
/// moves nothing. So a bucket is 8 bytes, needs no refill, and is as good as new once the instant has passed. Times are
/// nanoseconds of the caller's clock.
struct ArrivalRate: Hashable, Sendable {
    /// The rule; shared by all buckets of a kind.
    struct Rule: Hashable, Sendable {
        /// Nanoseconds from one arrival to the next; 0: no limit.
        let interval: Int64
        /// How far ahead the instant may be: what two seconds bring may come at once.
        let tolerance: Int64

        /// - Parameter perSecond: 1 to 1,000,000; 0 for no limit.
        init(perSecond: Int) {
            interval = perSecond > 0 ? 1_000_000_000 / Int64(perSecond) : 0
            tolerance = max(0, 2_000_000_000 - interval)
        }
    }

    private var due: Int64 = .min

    /// How long until an arrival is welcome; 0 or less: it is now.
    func wait(_ rule: Rule, now: Int64) -> Int64 {
        rule.interval == 0 || due == .min ? 0 : due - rule.tolerance - now
    }

    /// Counts an arrival that is welcome.
    mutating func take(_ rule: Rule, now: Int64) {
        if rule.interval > 0 { due = max(due, now) + rule.interval }
    }

    /// Whether nothing is remembered that a new bucket would not know.
    func isIdle(now: Int64) -> Bool { due <= now }
}
