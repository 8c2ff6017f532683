/// Notices that a crowd has gone, so that its memory can be given back to the system: malloc keeps it otherwise. Pure.
///
/// The last of a crowd are waited for: what they hold lies between what the others have freed. And some seconds later it is told once
/// more: a connection that is closed is held until the timers of its end are over, which are 2 s under TLS.
struct Departures: Sendable {
    /// The memory of fewer connections is not worth the time.
    static let crowd = 1_000
    /// So many looks at most, while more and more go.
    static let patience = 5
    /// So many looks later, once more.
    static let afterwards = 4

    private var most = 0
    private var last = 0
    private var waited = 0
    /// Looks until then; below zero if there is none to come.
    private var remaining = -1

    /// Takes how many connections there are now.
    ///
    /// - Returns: whether a crowd has gone, and more than half of all, since there were most of them; twice for each crowd.
    mutating func hasCrowdGone(_ connections: Int) -> Bool {
        remaining -= 1
        let isDueAgain = remaining == 0
        let isLeaving = connections < last
        last = connections
        most = max(most, connections)
        guard most - connections >= Self.crowd, connections <= most / 2 else {
            waited = 0
            return isDueAgain
        }
        guard !isLeaving || waited == Self.patience else {
            waited += 1
            return isDueAgain
        }
        (most, waited, remaining) = (connections, 0, Self.afterwards)
        return true
    }
}
