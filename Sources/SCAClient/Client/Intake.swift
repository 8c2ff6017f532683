internal import SCACore

/// Messages that have arrived and are not reported yet: one batch is with the store while the next collects, so that a slow
/// disk makes batches larger instead of making the network wait (group commit).
struct Intake {
    /// A message and who is to be told when it is on disk; nil where nobody can be.
    struct Arrival: Sendable {
        let message: ChatMessage
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

/// The latest messages by sender and id, so that a repeat is not reported where no store remembers: 4,096 to 8,192 of them.
///
/// Two sets, of which the older one is dropped when the newer is full: O(1), and no order to keep.
struct RecentMessages {
    private struct Key: Hashable {
        let from: Mobile
        let id: MessageID
    }

    private var newer: Set<Key> = []
    private var older: Set<Key> = []

    /// Remembers a message; false if it was known.
    mutating func insert(_ message: ChatMessage) -> Bool {
        guard !contains(message) else { return false }
        if newer.count == 4_096 { (newer, older) = ([], newer) }
        newer.insert(Key(from: message.from, id: message.id))
        return true
    }

    func contains(_ message: ChatMessage) -> Bool {
        guard !newer.isEmpty else { return false }
        let key = Key(from: message.from, id: message.id)
        return newer.contains(key) || older.contains(key)
    }
}
