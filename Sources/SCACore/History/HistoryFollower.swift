/// Follows a history as rows are appended to it, by whichever process. One owner; calls block.
///
/// `poll` reads what is new, `waitForChange` sleeps until there may be something. The watch begins when the follower is
/// made, so nothing appended between the two is missed. Only whole lines are taken: a torn one is looked at again next
/// time, when it may be whole, or healed away.
///
/// A file that was replaced is read to its end, and the new one from its start. One that was cut below what
/// was already read (somebody emptied it, or a writer took back rows that did not reach the disk) goes on from its new end.
public final class HistoryFollower {
    /// The file that is followed; it need not exist yet.
    public let path: String

    /// Which rows are wanted.
    public let filter: HistoryFilter

    /// Up to where the file was read; nil if there was none yet.
    public private(set) var position: HistoryPosition?

    /// How many lines were skipped because they are not rows.
    public private(set) var skippedLines = 0

    private let watch: FolderWatch
    /// Held open, so that its inode cannot be given to the next file of this name.
    private var file: OpenFile?

    /// Begins to watch; nothing is read yet.
    ///
    /// - Parameters:
    ///   - path: the file, `SettingsPaths.history(of:)`.
    ///   - position: where to begin, `HistoryReader.end`; nil for the start of the file.
    ///   - filter: which rows are wanted.
    public init(path: String, from position: HistoryPosition?, matching filter: HistoryFilter = HistoryFilter()) {
        self.path = path
        self.filter = filter
        self.position = position
        watch = FolderWatch(PrivateFolder.holding(path))
    }

    /// The wanted rows that were appended since the last call, oldest first; empty if there are none.
    ///
    /// - Throws: `HistoryError` if the file cannot be read, `.notAFile` if it is none.
    public func poll() throws(HistoryError) -> [HistoryRow] {
        let named = try OpenFile.history(at: path)
        do throws(SystemError) {
            let namedIdentity = try named?.status().identity
            var rows = [HistoryRow]()
            if file != nil, namedIdentity != position?.file {
                try readOn(into: &rows)  // what was still written to it before it went away
                file = nil
            }
            if file == nil {
                file = named
                if namedIdentity != position?.file { position = nil }
            }
            try readOn(into: &rows)
            return rows
        } catch {
            throw HistoryError("read", path, error)
        }
    }

    private func readOn(into rows: inout [HistoryRow]) throws(SystemError) {
        guard let status = try file?.status() else { return }
        let size = Int64(status.st_size)
        var offset = position?.offset ?? 0
        if offset > size { offset = try file?.lastLineEnd(before: size) ?? 0 }
        let end = try file?.forEachLine(from: offset, to: size) { line in
            switch filter.judge(line) {
            case .wanted(let row): rows.append(row)
            case .unwanted: break
            case .notARow: skippedLines += 1
            }
            return true
        }
        position = HistoryPosition(file: status.identity, offset: end ?? offset)
    }

    /// Waits until the file may have changed. Blocks the thread.
    ///
    /// Where the system grants no watch (its limit is reached, the folder is not there yet), it returns true
    /// twice a second instead.
    ///
    /// - Parameters:
    ///   - timeoutMilliseconds: how long at most; negative for no limit.
    ///   - wake: a file descriptor that ends the wait as soon as it can be read, or -1; nothing is read from it.
    /// - Returns: true if it is worth calling `poll`; false after the time, a wake-up or a signal.
    public func waitForChange(timeoutMilliseconds: Int32, wake: Int32 = -1) -> Bool {
        watch.wait(timeoutMilliseconds: timeoutMilliseconds, wake: wake)
    }
}
