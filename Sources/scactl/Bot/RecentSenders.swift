internal import SCACore

/// Who sent the messages that arrived last, by id, so that a `reply` finds its way: 8,192 of them at least, 16,384 at most.
///
/// Ids are the senders' own, unique only for each of them. Where two used the same one nobody is found: an answer must not
/// go to whoever copied somebody else's id. Two tables, of which the older one is dropped when the newer is full: O(1), and
/// no order to keep.
struct RecentSenders {
    /// How many one table holds.
    static let generation = 8_192

    enum Sender: Hashable, Sendable {
        case one(Mobile)
        case several
    }

    private var newer: [MessageID: Sender] = [:]
    private var older: [MessageID: Sender] = [:]

    /// Remembers a message.
    mutating func insert(_ id: MessageID, from mobile: Mobile) {
        let known = self[id] ?? .one(mobile)
        newer[id] = known == .one(mobile) ? known : .several
        if newer.count == Self.generation { (newer, older) = ([:], newer) }
    }

    /// Who sent the message of this id; nil if none of the last ones has it.
    subscript(id: MessageID) -> Sender? { newer[id] ?? older[id] }
}
