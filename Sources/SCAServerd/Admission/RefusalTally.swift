/// Counts refusals for the log, so that an attack cannot fill it: one line for each reason in an interval. Pure.
///
/// The first refusal is told at once, with a count of 1; those that follow are told together when the interval is over.
struct RefusalTally: Sendable {
    /// What to log: so many refusals of one kind since the last line about it.
    struct Line: Hashable, Sendable {
        let reason: Refusal.Reason
        let count: Int
    }

    /// Nanoseconds in which no second line about the same comes.
    static let interval: Int64 = 10_000_000_000

    private var counts: [Refusal.Reason: (count: Int, quietUntil: Int64)] = [:]

    /// Counts one.
    ///
    /// - Returns: the line that is due now; nil if it must wait for `due`.
    mutating func add(_ reason: Refusal.Reason, now: Int64) -> Line? {
        counts[reason, default: (0, .min)].count += 1
        return take(reason, now)
    }

    /// The lines whose interval is over; to be asked now and then.
    mutating func due(now: Int64) -> [Line] {
        Refusal.Reason.allCases.compactMap { take($0, now) }
    }

    private mutating func take(_ reason: Refusal.Reason, _ now: Int64) -> Line? {
        guard let entry = counts[reason], entry.count > 0, now >= entry.quietUntil else { return nil }
        counts[reason] = (0, now > .max - Self.interval ? .max : now + Self.interval)
        return Line(reason: reason, count: entry.count)
    }
}
