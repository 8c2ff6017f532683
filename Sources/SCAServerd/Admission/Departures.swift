/// Notices that a crowd has gone, so that its memory can be given back to the system: malloc keeps it otherwise. Pure.
///
/// The last of a crowd are waited for: what they hold lies between what the others have freed, and under TLS they take seconds.
struct Departures: Sendable {
    /// The memory of fewer connections is not worth the time.
    static let crowd = 1_000
    /// So many looks at most, while more and more go.
    static let patience = 5

    private var most = 0
    private var last = 0
    private var waited = 0

    /// Takes how many connections there are now.
    ///
    /// - Returns: whether a crowd has gone, and more than half of all, since there were most of them; once for each crowd.
    mutating func hasCrowdGone(_ connections: Int) -> Bool {
        let isLeaving = connections < last
        last = connections
        most = max(most, connections)
        guard most - connections >= Self.crowd, connections <= most / 2 else {
            waited = 0
            return false
        }
        guard !isLeaving || waited == Self.patience else {
            waited += 1
            return false
        }
        (most, waited) = (connections, 0)
        return true
    }
}
