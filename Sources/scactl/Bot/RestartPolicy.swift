/// When a program that has ended is started again: at once would be too soon for one that ends at once.
///
/// Pure. A quarter of a second, then twice as long each time up to half a minute; a run of a minute starts this over. No
/// jitter: there is one program, and nobody else is waiting for the same thing.
struct RestartPolicy: Hashable, Sendable {
    static let shortest = Duration.milliseconds(250)
    static let longest = Duration.seconds(30)
    /// A run of that length was a good one.
    static let good = Duration.seconds(60)

    private var next = shortest

    /// How long to wait after a run of this length.
    mutating func delay(after run: Duration) -> Duration {
        if run >= Self.good { next = Self.shortest }
        defer { next = min(next * 2, Self.longest) }
        return next
    }
}
