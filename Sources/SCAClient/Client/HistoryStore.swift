internal import NIOCore
internal import NIOPosix
public import SCACore

/// The history file of this device as a client's store. An actor on a thread of its own.
///
/// `HistoryFile` blocks: for a lock that another process has, for a disk to say that bytes are down. On the client's event
/// loop that would stop the network; on the cooperative pool, whose few threads every task shares, it could stop everything.
/// So this actor's executor is a second one-threaded event loop: a thread with a queue, calls in the order they were made,
/// and no lock.
///
/// Rejected: `NIOThreadPool` (the file, which is not `Sendable`, would have to be boxed to cross into each closure) and a
/// detached task (it still runs on the cooperative pool).
public actor HistoryStore: MessageStore {
    /// The thread that blocks.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let path: String
    /// Where the history ended when this store was made: before its client could name a message.
    private let beginning: HistoryPosition?
    private let group: MultiThreadedEventLoopGroup
    private let executor: any SerialExecutor
    private var file: HistoryFile?

    /// Prepares a store and its thread; the file is opened, or made, with the first row.
    ///
    /// - Parameter path: the history file. `SettingsPaths.history(of:)` is the one that `scactl` uses for a mobile; several
    ///   processes may share it.
    public init(path: String) {
        self.path = path
        beginning = HistoryFile.end(of: path)
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        executor = group.next().executor
    }

    deinit {
        group.shutdownGracefully { _ in }
    }

    /// Puts arrived rows on disk. Blocks its own thread only.
    ///
    /// - Returns: for each row, false if it was there already by sender and id; and what was healed on the way.
    /// - Throws: `HistoryError`; then none of the rows may count as stored.
    public func store(_ rows: [HistoryRow]) async throws(HistoryError) -> StoreOutcome {
        let file = try opened()
        let isNew = try file.append(rows)
        let healed = file.takeHealed().map { tail in
            "the history \(path) ended in a torn line; its \(tail.byteCount) bytes are now in \(tail.path)"
        }
        return StoreOutcome(isNew: isNew, healed: healed)
    }

    /// Puts rows of what this process sent into the file: `HistoryRow(delivery, from: me)`. A client does not do so by itself.
    ///
    /// Quick however long the history is: their ids are new, so only what was appended since this store was made is
    /// looked at for them, and the disk is not waited for.
    ///
    /// - Parameter rows: any number; nothing is done for none.
    /// - Throws: `HistoryError`; then none of the rows is stored, unless its message says otherwise.
    public func storeOwn(_ rows: [HistoryRow]) async throws(HistoryError) {
        _ = try opened().append(rows, .own)
    }

    private func opened() throws(HistoryError) -> HistoryFile {
        if let file { return file }
        let file = try HistoryFile(path: path, since: beginning)
        self.file = file
        return file
    }
}
