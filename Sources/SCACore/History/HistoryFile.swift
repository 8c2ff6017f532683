internal import Glibc

/// The history of one mobile on disk, for appending. One owner (an actor or a thread); every call blocks.
///
/// Many processes share the file: each appends whole lines under `flock`, and knows by (sender, id) what is there.
/// An append is, under the lock:
///
/// 1. If the path names another file by now (deleted, replaced), that one is opened, or made, and locked instead.
/// 2. A torn last line is healed (`HistoryFile+Healing.swift`).
/// 3. The rows that others appended since are learnt, from the new bytes only (`RowIndex`); all of them if the file was cut.
/// 4. Duplicates are dropped, and what is new goes out in one `write`. If that fails or falls short, the file is cut
///    back to where it was, so that nothing torn remains and nothing is stored.
/// 5. For rows that were received: `fdatasync`, unless the file ends where our last one left it. That includes duplicates: another process may have
///    been killed between its write and its sync, and nobody must hear "stored" of what is not yet down.
///
/// An answer to received rows, `true` or `false`, therefore means that the row is on the disk, whoever is killed at
/// whatever moment.
///
/// The lock is held while syncing. Let go before, several processes could share one sync of the kernel; but a sync
/// that fails could then no longer be undone, since others may have written behind us, and the retry would find its
/// row already there and have it confirmed by a sync that has nothing left to report. Nor is much lost: while one
/// process syncs, the rows of the others gather and are the next batch.
///
/// The lock is tried for every millisecond and not waited for: a process stopped by Ctrl-Z keeps its lock, and the next
/// command must then say so instead of hanging. Rejected: a lock file beside the history (one more thing to be left
/// behind), `O_EXCL` locks (they outlive a crash), SQLite (`jq`, `grep` and `tail -f` should work on it), `mmap`
/// (`OpenFile`).
public final class HistoryFile {
    /// The path this was opened with.
    public let path: String

    let calls: FileCalls
    var file: OpenFile
    var healed: [HealedTail] = []
    private let lockPatience: Duration
    private var index = RowIndex()
    /// Where the file ended at our last sync; -1 before the first one.
    private var synced: Int64 = -1
    /// Where the file ended before this process named anything: what it names can only lie behind it.
    private var openedEnd: Int64 = 0

    /// Opens the file, and makes it (0600) and its folders (0700) where they are missing.
    ///
    /// A file that others may read is made private. Nothing is read yet.
    ///
    /// - Parameter path: the file, `SettingsPaths.history(of:)`.
    /// - Throws: `HistoryError` `.notAFile` for a symbolic link, a folder or a device; `.denied`, `.full` or `.io`.
    public convenience init(path: String) throws(HistoryError) {
        try self.init(path: path, calls: FileCalls(), lockPatience: .seconds(10))
    }

    /// Opens the file like `init(path:)`, later than its owner began to name messages.
    ///
    /// - Parameters:
    ///   - path: as for `init(path:)`.
    ///   - beginning: what `end(of:)` said before the first of them was named; nil if there was no file.
    /// - Throws: as `init(path:)` does.
    public convenience init(path: String, since beginning: HistoryPosition?) throws(HistoryError) {
        try self.init(path: path, calls: FileCalls())
        begin(at: beginning)
    }

    init(path: String, calls: FileCalls, lockPatience: Duration = .seconds(10)) throws(HistoryError) {
        self.path = path
        self.calls = calls
        self.lockPatience = lockPatience
        file = try Self.opened(path)
        do throws(SystemError) { openedEnd = try Self.end(of: file).offset } catch {
            throw HistoryError("open", path, error)
        }
    }

    /// Where a history ends now; nil if it is not there, or cannot be looked at. Takes no lock.
    public static func end(of path: String) -> HistoryPosition? {
        do throws(SystemError) {
            return try end(of: OpenFile(path, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY))
        } catch { return nil }
    }

    /// A torn last line does not count: it is cut off by the next append, and what is appended lies before its end.
    private static func end(of file: borrowing OpenFile) throws(SystemError) -> HistoryPosition {
        let status = try file.status()
        let offset = status.isRegularFile ? try file.lastLineEnd(before: Int64(status.st_size)) : 0
        return HistoryPosition(file: status.identity, offset: offset)
    }

    /// Looks at what stands in a history's place, without opening it.
    ///
    /// - Parameter path: the file, `SettingsPaths.history(of:)`; nothing need be there.
    /// - Throws: `HistoryError` `.notAFile` for what `init(path:)` refuses: a symbolic link, a folder, a device; a file where one of
    ///   its folders is to be.
    public static func examine(_ path: String) throws(HistoryError) {
        var status = stat()
        if lstat(path, &status) != 0 {
            guard errno == ENOTDIR else { return }
            throw HistoryError("open", path, SystemError(call: "lstat", number: ENOTDIR))
        }
        if !status.isRegularFile { throw .notARegularFile(path, what: status.kind) }
    }

    /// Own messages were named from this place on; in a file that has been replaced since, anywhere.
    func begin(at beginning: HistoryPosition?) {
        let isSame = beginning != nil && beginning?.file == (try? file.status())?.identity
        openedEnd = isSame ? beginning?.offset ?? 0 : 0
    }

    /// Where rows come from: how far back their ids are looked up, and whether they are synced.
    public enum Origin: Sendable {
        /// From others, who may be told that they are stored: every id in the file counts, and the disk is waited for.
        case received
        /// Named by this process after it opened the file, or after `end(of:)`: only what was appended since then can be the same message
        /// (a copy of it that a sibling process was sent), and nobody is told, so no disk is waited for. For senders,
        /// which should be quick however long the history is.
        case own
    }

    /// Appends rows, and returns when they are in the file, those that were received also on the disk.
    ///
    /// The first call for received rows reads the whole file for its ids (about a second for a million rows).
    ///
    /// - Parameters:
    ///   - rows: any number, in the order to be stored.
    ///   - origin: where they come from.
    /// - Returns: for each row, true if it was stored now and false if it was there already, by (`from`, `id`), in the
    ///   file or earlier in `rows`.
    /// - Throws: `HistoryError`; then nothing of `rows` is stored, unless the message says otherwise. `.full`, `.denied`
    ///   or `.io`; `.rowTooLong` over `HistoryRow.longestLine`; `.locked` if another process has the file for 10 s.
    public func append(_ rows: [HistoryRow], _ origin: Origin = .received) throws(HistoryError) -> [Bool] {
        guard !rows.isEmpty else { return [] }
        try lock()
        defer { _ = flock(file.descriptor, LOCK_UN) }
        do throws(HistoryError) {
            return try store(rows, origin)
        } catch {
            index = RowIndex()  // it has rows that were not written
            throw error
        }
    }

    /// The torn last lines that were set aside since this was last asked: for the user to be told.
    public func takeHealed() -> [HealedTail] {
        defer { healed = [] }
        return healed
    }

    private func store(_ rows: [HistoryRow], _ origin: Origin) throws(HistoryError) -> [Bool] {
        let start = try healTail()
        do {
            let first = origin == .own ? openedEnd : 0
            // A file that was cut and has grown again may end where our last sync left another one.
            if try !index.learn(file, from: first, upTo: start) { synced = -1 }
        } catch { throw HistoryError("read", path, error) }
        var bytes = [UInt8]()
        var answers = [Bool]()
        for row in rows {
            let isNew = index.insert(row)
            answers.append(isNew)
            guard isNew else { continue }
            let before = bytes.count
            row.appendLine(to: &bytes)
            guard bytes.count - before - 1 <= HistoryRow.longestLine else {
                throw HistoryError(
                    code: .rowTooLong,
                    message: "a message of \(row.text.utf8.count) bytes does not fit a line of \(path), which may have "
                        + "\(HistoryRow.longestLine) bytes",
                    outcome: "nothing was stored",
                    hint: "send it in parts"
                )
            }
        }
        do throws(SystemError) {
            try file.write(bytes, with: calls)
            if origin == .received { try synchronize(upTo: start + Int64(bytes.count)) }
        } catch {
            throw cutBack(to: start, because: error)
        }
        index.wrote(bytes, upTo: start + Int64(bytes.count))
        return answers
    }

    private func synchronize(upTo end: Int64) throws(SystemError) {
        guard end != synced else { return }
        try file.synchronize(with: calls)
        // The file's name too, once: whoever made it may have been killed before it could.
        if synced < 0 { try PrivateFolder.synchronize(PrivateFolder.holding(path)) }
        synced = end
    }

    private func cutBack(to start: Int64, because cause: SystemError) -> HistoryError {
        synced = -1
        do {
            try file.truncate(to: start)
            return HistoryError("write", path, cause, outcome: "nothing was stored")
        } catch {
            return HistoryError("write", path, cause, outcome: "and part of it may be stored (\(error.reason))")
        }
    }

    /// Locks the file that the path names now.
    private func lock() throws(HistoryError) {
        let deadline = ContinuousClock.now + lockPatience
        while true {
            if flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 {
                var status = stat()
                if lstat(path, &status) == 0, status.identity == (try? file.status())?.identity { return }
                file = try Self.opened(path)
                openedEnd = 0
                index = RowIndex()
                synced = -1
                continue
            }
            let number = errno
            guard number == EWOULDBLOCK || number == EINTR else {
                throw HistoryError("lock", path, SystemError(call: "flock", number: number))
            }
            guard ContinuousClock.now < deadline else {
                throw HistoryError(
                    code: .locked,
                    message: "another process has kept \(path) locked for \(lockPatience.shortText)",
                    outcome: "nothing was stored",
                    hint: "see who with `fuser \(path)`; one stopped by Ctrl-Z goes on with `fg`"
                )
            }
            usleep(1000)
        }
    }

    private static func opened(_ path: String) throws(HistoryError) -> OpenFile {
        do throws(SystemError) {
            try PrivateFolder.make(PrivateFolder.holding(path))
            // Non-blocking, so that a pipe in this place cannot hang us; on a regular file it means nothing.
            let flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
            let file = try OpenFile(path, flags: flags)
            let status = try file.status()
            guard status.isRegularFile else { throw SystemError(call: "open", number: EISDIR) }
            if status.st_mode & 0o077 != 0, fchmod(file.descriptor, 0o600) != 0 {
                throw SystemError(call: "fchmod", number: errno)
            }
            return file
        } catch {
            var status = stat()
            if lstat(path, &status) == 0, !status.isRegularFile {
                throw HistoryError.notARegularFile(path, what: status.kind)
            }
            throw HistoryError("open", path, error)
        }
    }
}
