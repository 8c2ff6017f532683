/// How long to wait before the next attempt: exponential back-off with full jitter.
///
/// The n-th attempt comes at a random time within `base` · 2ⁿ⁻¹, at most `maximum`, after the one before failed. Drawing from
/// the whole span, and not from its upper half, is what keeps a thousand clients of one restarted server apart. Pure;
/// randomness is passed in.
///
/// A server that refuses may say how long to stay away (`Retry-After`), to all the same. Then nobody comes sooner, and they
/// spread over as long again: who waits 5 s comes within 5 to 10 s.
public struct ReconnectPolicy: Hashable, Sendable {
    /// The span of the first attempt.
    public var base: Duration
    /// The longest span.
    public var maximum: Duration

    /// Within 0.25 s, doubling up to 15 s.
    public static let standard = ReconnectPolicy(base: .milliseconds(250), maximum: .seconds(15))

    /// Makes a policy; what is below zero counts as zero.
    public init(base: Duration, maximum: Duration) {
        self.base = max(base, .zero)
        self.maximum = max(maximum, .zero)
    }

    /// The longest that a server's word is taken for: nobody sends a client away for a day.
    public static let longestRetryAfter = Duration.seconds(300)

    /// How long to wait.
    ///
    /// - Parameters:
    ///   - attempt: 1 for the first after a loss; what is below counts as 1.
    ///   - retryAfter: what the server asked for, if it did.
    ///   - generator: where the jitter comes from.
    /// - Returns: 0 up to the attempt's span; with `retryAfter` that and up to as much again, or the span if it is longer.
    public func delay(
        attempt: Int,
        retryAfter: Duration? = nil,
        using generator: inout some RandomNumberGenerator
    ) -> Duration {
        let least = min(max(retryAfter ?? .zero, .zero), Self.longestRetryAfter)
        let span = max(span(attempt: attempt), least)
        return least + span * Double.random(in: 0...1, using: &generator)
    }

    /// The longest that `delay` can be for this attempt.
    func span(attempt: Int) -> Duration {
        var span = min(base, maximum)
        for _ in 1..<max(attempt, 1) {
            if span == maximum || span == .zero { break }
            span = (maximum / 2) > span ? span * 2 : maximum
        }
        return span
    }
}
