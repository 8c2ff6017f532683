internal import NIOCore

/// The messages to one recipient that wait for another try, in the order they were submitted.
///
/// A lane exists only between a first failure and the moment nothing is left in it. While it does, every message to that
/// recipient that may be retried goes through it, one at a time, the next when the one before is acknowledged: so retrying
/// does not change the order. (What was already under way when the first one failed is the exception: if the recipient came
/// online in that very moment, a later message may have arrived before the earlier one.)
///
/// Rejected: sending one at a time always, which needs no exception, but costs a round trip for each message.
struct RetryLane: Sendable {
    /// Tries that failed, by serial.
    private var failed = CircularBuffer<Ticket>()
    /// Messages submitted since, by serial, not yet tried; all later than those that failed.
    private var held = CircularBuffer<Ticket>()
    /// The one that is under way.
    var probe: Ticket?
    /// How many tries in a row failed.
    var attempt = 0
    /// When the next try is due; nil while one is under way.
    var nextTry: ContinuousClock.Instant?
    /// Whether it may try, and waits for room in the window.
    var isReady = false
    /// Whether the server was asked to tell when the recipient comes online.
    var isWatching = false

    /// Whether nothing waits and nothing is under way.
    var isEmpty: Bool { failed.isEmpty && held.isEmpty && probe == nil }

    /// Puts a failed try back in its place.
    mutating func putBack(_ ticket: Ticket) {
        if let first = failed.first, ticket.serial < first.serial {
            failed.prepend(ticket)
            return
        }
        // From the end: failures come in about the order of the tries.
        var index = failed.endIndex
        while index > failed.startIndex, failed[failed.index(before: index)].serial > ticket.serial {
            index = failed.index(before: index)
        }
        failed.insert(ticket, at: index)
    }

    /// Puts a new message behind all others.
    mutating func hold(_ ticket: Ticket) {
        held.append(ticket)
    }

    /// Takes the next one out.
    mutating func takeNext() -> Ticket? {
        failed.popFirst() ?? held.popFirst()
    }
}
