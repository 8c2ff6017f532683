internal import SCACore

/// How a base server, which acknowledges nothing, is made to tell `routed` from `offline`: one batch at a time.
///
///     idle ─ask for the list→ asking ─list: transmit to those on it, ping→ confirming ─pong→ idle
///
/// A server handles one connection's frames in order, so the pong says that the messages before the ping were handled, and
/// that every list sent before it has arrived. Who is still on the newest list then got the message. While one batch is under
/// way the next one collects. A list that was broadcast and crossed the question answers it as well as the answer does.
struct BaseBatch: Sendable {
    private enum Phase: Sendable {
        case idle
        case asking([Ticket])
        case confirming([Ticket])
    }

    private var phase = Phase.idle
    private var collecting: [Ticket] = []
    private var newest: [Mobile] = []

    /// Puts a message into the next batch.
    mutating func collect(_ ticket: Ticket) {
        collecting.append(ticket)
    }

    /// Starts the next batch if there is one and none is under way; true: ask for the list.
    mutating func start() -> Bool {
        guard case .idle = phase, !collecting.isEmpty else { return false }
        phase = .asking(collecting)
        collecting = []
        return true
    }

    /// Takes a list of who is online.
    ///
    /// - Returns: the messages that waited for it, which are to be transmitted or refused and then handed to `confirm`.
    mutating func list(_ users: [Mobile]) -> [Ticket] {
        newest = users
        guard case .asking(let tickets) = phase else { return [] }
        phase = .idle
        return tickets
    }

    /// Waits for the barrier behind these, which have been transmitted; with none the batch is over.
    mutating func confirm(_ tickets: [Ticket]) {
        phase = tickets.isEmpty ? .idle : .confirming(tickets)
    }

    /// The barrier has come back.
    ///
    /// - Returns: the messages before it, and who was online at the last word.
    mutating func passed() -> (tickets: [Ticket], online: Set<Mobile>) {
        guard case .confirming(let tickets) = phase else { return ([], []) }
        phase = .idle
        return (tickets, Set(newest))
    }
}
