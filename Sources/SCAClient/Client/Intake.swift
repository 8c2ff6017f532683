internal import SCACore

/// Messages that have arrived and are not reported yet: one batch is with the store while the next collects, so that a slow
/// disk makes batches larger instead of making the network wait (group commit).
struct Intake {
    /// A message and who is to be told when it is on disk; nil where nobody can be.
    struct Arrival: Sendable {
        let message: ChatMessage
        /// What is known of a copy of one's own message; nil for all others.
        let status: DeliveryStatus?
        let isReceiptDue: Bool
    }

    private var collecting: [Arrival] = []
    private(set) var isStoring = false
    /// How many have arrived and are not reported.
    private(set) var count = 0

    mutating func collect(_ arrival: Arrival) {
        collecting.append(arrival)
        count += 1
    }

    /// Takes the next batch; nil if there is none or one is being stored.
    mutating func begin() -> [Arrival]? {
        guard !isStoring, !collecting.isEmpty else { return nil }
        isStoring = true
        defer { collecting = [] }
        return collecting
    }

    /// The batch is reported.
    mutating func finish(_ batch: [Arrival]) {
        isStoring = false
        count -= batch.count
    }
}

/// The messages that were reported last, by sender and id, so that a repeat is not: 32,768 to 65,536 of them.
///
/// Two sets, of which the older one is dropped when the newer is full: O(1), and no order to keep.
struct RecentMessages {
    /// How many one set holds.
    static let generation = 32_768

    private struct Key: Hashable {
        let from: Mobile
        let id: MessageID
    }

    private var newer: Set<Key> = []
    private var older: Set<Key> = []

    /// Remembers a message; false if it was known.
    mutating func insert(_ message: ChatMessage) -> Bool {
        let key = Key(from: message.from, id: message.id)
        guard !older.contains(key), newer.insert(key).inserted else { return false }
        if newer.count == Self.generation { (newer, older) = ([], newer) }
        return true
    }
}
