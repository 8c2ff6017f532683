internal import SCACore
internal import Synchronization

/// Reads this device's history on a thread of its own, since reading a file blocks; then follows it.
actor HistoryFeed {
    private let path: String
    private let filter: HistoryFilter
    private let stopping = WakePipe()
    private let isStopped = Atomic(false)
    private let executor = ThreadExecutor()
    private var reader: HistoryReader
    private var follower: HistoryFollower?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(path: String, matching filter: HistoryFilter) {
        self.path = path
        self.filter = filter
        reader = HistoryReader(path: path)
    }

    /// How many lines of those that were looked at are no rows.
    var skippedLines: Int { reader.skippedLines + (follower?.skippedLines ?? 0) }

    /// What stands behind the last whole line, in bytes; 0 once the history is followed, since then more comes there.
    var tornBytes: Int64 { follower == nil ? reader.tornBytes : 0 }

    /// The last rows that match, oldest first.
    func last(_ count: Int) throws(HistoryError) -> [HistoryRow] {
        try reader.last(count, matching: filter)
    }

    /// Gives out all rows that match, oldest first, as they are read: nothing is kept, however long the history is.
    ///
    /// - Parameter show: may block; nothing is read meanwhile.
    /// - Returns: how many there were.
    /// - Throws: `HistoryError`, or what `show` throws.
    func all(_ show: @Sendable (HistoryRow) throws(CommandFailure) -> Void) throws -> Int {
        var count = 0
        var failure: CommandFailure?
        try reader.forEach(matching: filter) { row in
            do throws(CommandFailure) { try show(row) } catch { failure = error }
            count += 1
            return failure == nil
        }
        if let failure { throw failure }
        return count
    }

    /// The next rows that match, as soon as any process stores them; begins where reading ended, without gap or repeat.
    /// Nil after `stop()`, once everything that was stored by then has been given out.
    func next() throws(HistoryError) -> [HistoryRow]? {
        let follower = self.follower ?? HistoryFollower(path: path, from: reader.end, matching: filter)
        self.follower = follower
        while true {
            let wasStopped = isStopped.load(ordering: .acquiring)
            let rows = try follower.poll()
            if !rows.isEmpty { return rows }
            if wasStopped { return nil }
            _ = follower.waitForChange(timeoutMilliseconds: -1, wake: stopping.reading)
        }
    }

    /// Ends a `next()` that waits. May be called from anywhere.
    nonisolated func stop() {
        isStopped.store(true, ordering: .releasing)
        stopping.wake()
    }
}
