public import SCACore

/// Where arrived messages are put before their senders are told `stored`: `HistoryStore`, or a database of your own.
public protocol MessageStore: Sendable {
    /// Puts rows on disk; when this returns they are safely there, and only then are receipts sent.
    ///
    /// A client calls it for one batch at a time; while that is being stored the next one collects. It may take its time, but
    /// must not block the thread it is called on: an actor of its own is a good place.
    ///
    /// The rows are what arrived, also rows that are there already (by `from` and `id`: somebody missed the receipt), and copies
    /// of what other devices of this mobile sent (`.out`).
    ///
    /// - Returns: for each row, in order, whether it is new.
    /// - Throws: why none of the rows may count as stored.
    func store(_ rows: [HistoryRow]) async throws(HistoryError) -> StoreOutcome
}

/// What a store did with a batch of rows.
public struct StoreOutcome: Hashable, Sendable {
    /// For each row, in order, whether it was not there before.
    public var isNew: [Bool]
    /// Sentences about torn ends that were set aside on the way; usually empty.
    public var healed: [String]

    /// Makes an outcome.
    public init(isNew: [Bool], healed: [String] = []) {
        self.isNew = isNew
        self.healed = healed
    }
}
