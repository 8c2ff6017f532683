internal import Glibc

/// A place in a history: up to where it was read, and which file that was. For `HistoryFollower` to go on from.
public struct HistoryPosition: Sendable, Hashable {
    let file: OpenFile.Identity
    let offset: Int64
}

/// Reads a history. A value; each call opens the file anew, blocks, and takes no lock.
///
/// No lock is needed: rows are appended whole, and a torn last line, one without its newline, is not looked at. A history
/// that is not there is an empty one. The last rows are found backward from the end, block by block, so `last(10)`
/// costs the same on any file; a time limit does not end a walk early, because rows are in the order of their
/// arrival and `ts` is another machine's clock.
public struct HistoryReader: Sendable {
    /// The file that is read.
    public let path: String

    /// How many lines were skipped because they are not rows: of those that had to be looked at, since this was made.
    public private(set) var skippedLines = 0

    /// The end of the last whole line when the file was last read; nil if there was no file.
    ///
    /// A `HistoryFollower` from here sees what came later: no gap and no repeat.
    public private(set) var end: HistoryPosition?

    /// How many bytes stood behind the last whole line when the file was last read: a line that a crash has torn, or that is
    /// being written.
    public private(set) var tornBytes: Int64 = 0

    private let blockSize: Int

    /// Makes a reader; nothing is read yet.
    ///
    /// - Parameter path: the file, `SettingsPaths.history(of:)`.
    public init(path: String) {
        self.init(path: path, blockSize: OpenFile.blockSize)
    }

    init(path: String, blockSize: Int) {
        self.path = path
        self.blockSize = blockSize
    }

    /// The last rows that match, oldest first.
    ///
    /// - Parameters:
    ///   - count: how many at most; nil for all of them.
    ///   - filter: which ones.
    /// - Returns: an empty array if there are none, or no history.
    /// - Throws: `HistoryError` if the file cannot be read, `.notAFile` if it is none.
    public mutating func last(_ count: Int?, matching filter: HistoryFilter = HistoryFilter()) throws(HistoryError)
        -> [HistoryRow]
    {
        var rows = [HistoryRow]()
        var skipped = 0
        let wanted = count ?? .max
        try read { (file, end, blockSize) throws(SystemError) in
            guard wanted > 0 else { return }
            try file.forEachLineBackward(before: end, blockSize: blockSize, hint: filter.hint) { line in
                switch filter.judge(line) {
                case .wanted(let row): rows.append(row)
                case .unwanted: break
                case .notARow: skipped += 1
                }
                return rows.count < wanted
            }
        }
        skippedLines += skipped
        rows.reverse()
        return rows
    }

    /// Calls `body` with each row that matches, oldest first, without holding more than a block in memory.
    ///
    /// - Parameters:
    ///   - filter: which rows.
    ///   - body: returns false to stop.
    /// - Throws: `HistoryError` if the file cannot be read, `.notAFile` if it is none.
    public mutating func forEach(
        matching filter: HistoryFilter = HistoryFilter(),
        _ body: (HistoryRow) -> Bool
    ) throws(HistoryError) {
        var skipped = 0
        try read { (file, end, blockSize) throws(SystemError) in
            _ = try file.forEachLine(from: 0, to: end, blockSize: blockSize, hint: filter.hint) { line in
                switch filter.judge(line) {
                case .wanted(let row): return body(row)
                case .unwanted: break
                case .notARow: skipped += 1
                }
                return true
            }
        }
        skippedLines += skipped
    }

    private mutating func read(
        _ body: (borrowing OpenFile, _ end: Int64, _ blockSize: Int) throws(SystemError) -> Void
    ) throws(HistoryError) {
        end = nil
        tornBytes = 0
        guard let file = try OpenFile.history(at: path) else { return }
        do throws(SystemError) {
            let status = try file.status()
            let offset = try file.lastLineEnd(before: Int64(status.st_size), blockSize: blockSize)
            end = HistoryPosition(file: status.identity, offset: offset)
            tornBytes = Int64(status.st_size) - offset
            try body(file, offset, blockSize)
        } catch {
            throw HistoryError("read", path, error)
        }
    }
}

extension OpenFile {
    /// A history for reading; nil if it is not there.
    static func history(at path: String) throws(HistoryError) -> OpenFile? {
        do {
            let file = try OpenFile(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
            let status = try file.status()
            if status.isRegularFile { return file }
            throw HistoryError.notARegularFile(path, what: status.kind)
        } catch let error as SystemError {
            if error.number == ENOENT { return nil }
            throw HistoryError("read", path, error)
        } catch let error as HistoryError {
            throw error
        } catch {
            throw HistoryError("read", path, SystemError(call: "open", number: EIO))
        }
    }
}
