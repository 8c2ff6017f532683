public import SCACore

/// Where arrived messages are put before their senders are told `stored`.
public protocol MessageStore: Sendable {
    /// Puts rows on disk; when this returns they are safely there, and only then are receipts sent.
    ///
    /// A client calls it for one batch at a time; while that is being stored the next one collects.
    ///
    /// - Returns: for each row whether it is new.
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
