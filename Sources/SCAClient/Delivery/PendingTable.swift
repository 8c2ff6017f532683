internal import SCACore

/// A message whose outcome is not known yet.
struct PendingMessage: Sendable {
    /// Where it is on its way.
    enum State: Hashable, Sendable {
        /// In line, to be transmitted as soon as the connection and the window allow.
        case queued
        /// Behind a failed try to the same recipient: in that recipient's `RetryLane`.
        case parked
        /// Base dialect: in a batch that waits for the list of who is online.
        case asking
        /// Transmitted; no answer yet.
        case sent
        /// Acknowledged; a receipt is due.
        case acknowledged
        /// Transmitted without an id; the kernel has not taken its bytes yet.
        case unwritten
    }

    /// The order of submitting; never used twice, so that a stale `Ticket` can be told.
    let serial: UInt64
    let message: Outgoing
    let submitted: ContinuousClock.Instant
    var state = State.queued
    /// The one deadline in the queue that counts.
    var deadline: ContinuousClock.Instant
    /// What the last try came to; nil before.
    var refusal: DeliveryStatus?
    /// Whether a try was transmitted and never answered, or only acknowledged: then nobody can say any more that nobody got it.
    var mayHaveArrived = false

    /// Until when tries are made; nil if there is one only.
    var retryEnd: ContinuousClock.Instant? {
        message.retryFor.map { submitted + $0 }
    }
}

/// A reference to a pending message that is harmless once that is gone.
struct Ticket: Hashable, Sendable {
    let slot: Int
    let serial: UInt64
}

/// The pending messages: slots in one array, used again, each found by its ticket or by the message's id. All O(1).
struct PendingTable: Sendable {
    private var slots: [PendingMessage?] = []
    private var free: [Int] = []
    private var ids: [MessageID: Ticket] = [:]

    /// How many are pending.
    var count: Int { ids.count }

    /// Nil once the message is settled.
    subscript(_ ticket: Ticket) -> PendingMessage? {
        guard let found = slots[ticket.slot], found.serial == ticket.serial else { return nil }
        return found
    }

    /// Changes a message in place; does nothing once it is settled.
    mutating func update(_ ticket: Ticket, _ change: (inout PendingMessage) -> Void) {
        guard slots[ticket.slot]?.serial == ticket.serial, var message = slots[ticket.slot] else { return }
        change(&message)
        slots[ticket.slot] = message
    }

    /// Takes a settled message out.
    mutating func remove(_ ticket: Ticket) -> PendingMessage? {
        guard let found = slots[ticket.slot], found.serial == ticket.serial else { return nil }
        slots[ticket.slot] = nil
        ids[found.message.id] = nil
        free.append(ticket.slot)
        return found
    }

    /// The pending message with this id.
    func ticket(_ id: MessageID) -> Ticket? {
        ids[id]
    }

    /// Adds a message; nil if one with the same id is pending already.
    mutating func add(_ message: PendingMessage) -> Ticket? {
        let slot = free.last ?? slots.count
        let ticket = Ticket(slot: slot, serial: message.serial)
        guard ids[message.message.id] == nil else { return nil }
        ids[message.message.id] = ticket
        if slot == slots.count {
            slots.append(message)
        } else {
            free.removeLast()
            slots[slot] = message
        }
        return ticket
    }

    /// Those in one of these states, in the order they were submitted. O(n log n): for losses and ends only.
    func tickets(where isWanted: (PendingMessage.State) -> Bool) -> [Ticket] {
        slots.indices
            .compactMap { slot in
                guard let found = slots[slot], isWanted(found.state) else { return nil }
                return Ticket(slot: slot, serial: found.serial)
            }
            .sorted { $0.serial < $1.serial }
    }
}
