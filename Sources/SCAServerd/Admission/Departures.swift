/// Notices that a crowd has gone, so that its memory can be given back to the system: malloc keeps it otherwise. Pure.
struct Departures: Sendable {
    /// The memory of fewer connections is not worth the time.
    static let crowd = 1_000

    private var most = 0

    /// Takes how many connections there are now.
    ///
    /// - Returns: whether a crowd has gone, and more than half of all, since there were most of them; once for each crowd.
    mutating func hasCrowdGone(_ connections: Int) -> Bool {
        most = max(most, connections)
        guard most - connections >= Self.crowd, connections <= most / 2 else { return false }
        most = connections
        return true
    }
}
