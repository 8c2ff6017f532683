/// Two token buckets, for frames and for bytes: a session that is too fast is slowed, never dropped.
///
/// What has arrived is always handled; it may drive a bucket below zero, and then the transport stops
/// reading until the bucket is back at zero. A rate of 0 means no limit.
struct RateLimiter {
    /// Tokens a second; the bucket holds as much as two seconds bring.
    struct Rates: Hashable, Sendable {
        var framesPerSecond: Int
        var bytesPerSecond: Int
    }

    private struct Bucket {
        var level: Double

        mutating func take(_ amount: Int, rate: Int, elapsed: Double) -> Double {
            guard rate > 0 else { return 0 }
            level = min(level + elapsed * Double(rate), 2 * Double(rate)) - Double(amount)
            return level < 0 ? -level / Double(rate) : 0
        }
    }

    private var frames: Bucket
    private var bytes: Bucket
    private var refilledAt: Int64

    init(_ rates: Rates, now: Int64) {
        frames = Bucket(level: 2 * Double(rates.framesPerSecond))
        bytes = Bucket(level: 2 * Double(rates.bytesPerSecond))
        refilledAt = now
    }

    /// Counts what has arrived.
    ///
    /// - Parameters:
    ///   - count: bytes.
    ///   - number: frames.
    ///   - rates: the same as at the start.
    /// - Returns: until when to stop reading, in the hub's nanoseconds; nil to go on.
    mutating func take(bytes count: Int, frames number: Int = 1, of rates: Rates, now: Int64) -> Int64? {
        let elapsed = Double(max(0, now - refilledAt)) / 1e9
        refilledAt = now
        let wait = max(
            frames.take(number, rate: rates.framesPerSecond, elapsed: elapsed),
            bytes.take(count, rate: rates.bytesPerSecond, elapsed: elapsed)
        )
        return wait > 0 ? now + Int64(wait * 1e9) + 1 : nil
    }
}
