internal import NIOCore
internal import SCACore

/// Copies of what another session of this mobile has sent, kept for a moment before they are stored.
///
/// A copy says nothing of what became of the message. But the recipient's receipt comes to every session of the sender, so
/// whoever waits for it can store the row with its true status. And where the sender is a program on this very device, it
/// stores the row itself, with the status it knows, before the moment is over; then the store finds it there already. A copy
/// that nobody confirms is stored as `routed`: the server copies only what somebody was handed. (So is one whose receipt
/// overtook it, which a server with several event loops allows: less than is known, but not wrong.)
struct CopyShelf {
    /// How long a receipt is waited for.
    static let patience = Duration.seconds(3)

    private struct Copy {
        let message: ChatMessage
        let deadline: ContinuousClock.Instant
    }

    private var copies: [MessageID: Copy] = [:]
    /// In the order they came, which is that of their deadlines; the first one is always still here.
    private var order = CircularBuffer<MessageID>()

    /// When `due` has something to give; nil while nothing waits.
    var nextDeadline: ContinuousClock.Instant? {
        order.first.flatMap { copies[$0]?.deadline }
    }

    /// Keeps a copy.
    mutating func keep(_ message: ChatMessage, now: Moment) {
        guard copies[message.id] == nil else { return }
        copies[message.id] = Copy(message: message, deadline: now.instant + Self.patience)
        order.append(message.id)
    }

    /// Takes the copy that this receipt is about, if it is here.
    mutating func confirm(_ id: MessageID, from recipient: Mobile) -> ChatMessage? {
        guard copies[id]?.message.to == recipient else { return nil }
        defer { dropGone() }
        return copies.removeValue(forKey: id)?.message
    }

    /// Takes the copies that have waited long enough, in the order they came.
    mutating func due(now: Moment) -> [ChatMessage] {
        var due: [ChatMessage] = []
        while let deadline = nextDeadline, deadline <= now.instant, let message = takeFirst() { due.append(message) }
        return due
    }

    /// Takes all, when nothing more will come.
    mutating func takeAll() -> [ChatMessage] {
        var all: [ChatMessage] = []
        while let message = takeFirst() { all.append(message) }
        return all
    }

    private mutating func takeFirst() -> ChatMessage? {
        guard let id = order.first else { return nil }
        defer { dropGone() }
        return copies.removeValue(forKey: id)?.message
    }

    private mutating func dropGone() {
        while let id = order.first, copies[id] == nil { order.removeFirst() }
    }
}
