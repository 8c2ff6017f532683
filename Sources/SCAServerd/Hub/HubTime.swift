/// The two clocks that a hub is told: one to measure with, one to write into messages.
struct HubTime: Hashable, Sendable {
    /// A monotonic clock, in nanoseconds from any start.
    var nanoseconds: Int64
    /// The wall clock, in milliseconds since 1970 UTC.
    var unixMilliseconds: Int64
}

extension Duration {
    /// This duration in whole nanoseconds; the largest number if it does not fit.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || carry ? .max : sum
    }
}
