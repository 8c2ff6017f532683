internal import SCACore

/// Looks things up in a history, as often as one likes, on one thread of its own, since reading a file blocks.
actor HistoryDesk {
    let path: String
    private let executor = ThreadExecutor()

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(path: String) {
        self.path = path
    }

    /// The last rows that match, oldest first.
    func last(_ count: Int, matching filter: HistoryFilter = HistoryFilter()) throws(HistoryError) -> [HistoryRow] {
        var reader = HistoryReader(path: path)
        return try reader.last(count, matching: filter)
    }
}
