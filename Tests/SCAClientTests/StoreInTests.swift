internal import SCACore

@testable internal import SCAClient

/// A store that suspends each call until the test says what it returns.
actor SuspendedStore: MessageStore {
    private var calls: [(rows: [HistoryRow], done: CheckedContinuation<Result<StoreOutcome, HistoryError>, Never>)] = []
    private var waiter: CheckedContinuation<Void, Never>?

    func store(_ rows: [HistoryRow]) async throws(HistoryError) -> StoreOutcome {
        let result = await withCheckedContinuation { done in
            calls.append((rows, done))
            waiter?.resume()
            waiter = nil
        }
        return try result.get()
    }

    /// The rows of the call that is suspended; waits for one.
    func rows() async -> [HistoryRow] {
        while calls.isEmpty { await withCheckedContinuation { waiter = $0 } }
        return calls[0].rows
    }

    /// Lets the suspended call return.
    func finish(isNew: [Bool]? = nil, healed: [String] = []) {
        let call = calls.removeFirst()
        let outcome = StoreOutcome(isNew: isNew ?? call.rows.map { _ in true }, healed: healed)
        call.done.resume(returning: .success(outcome))
    }

    /// Lets the suspended call fail.
    func fail(_ error: HistoryError) {
        calls.removeFirst().done.resume(returning: .failure(error))
    }
}

/// A store that keeps rows in memory and never fails.
actor MemoryStore: MessageStore {
    private(set) var rows: [HistoryRow] = []
    private var known: Set<MessageID> = []

    func store(_ rows: [HistoryRow]) async throws(HistoryError) -> StoreOutcome {
        let isNew = rows.map { known.insert($0.id).inserted }
        self.rows += zip(rows, isNew).filter(\.1).map(\.0)
        return StoreOutcome(isNew: isNew)
    }
}
