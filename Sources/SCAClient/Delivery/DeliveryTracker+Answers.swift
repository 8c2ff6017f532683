internal import SCACore

/// What the server says about messages, in both dialects.
extension DeliveryTracker {
    /// Takes what a frame says about messages; other frames change nothing.
    mutating func receive(_ frame: ServerFrame, now: Moment) {
        switch frame {
        case .ack(let id, let to, _, let receipts): acknowledge(id, to, receipts: receipts, now: now)
        case .receipt(let from, let id, .stored): confirm(id, from, now: now)
        case .error(let error): reject(error, now: now)
        case .onlineUsers(let users, _): list(users, now: now)
        case .presence(_, let joined, _): cameOnline(joined, now: now)
        case .pong, .message, .hello, .unknown: return
        }
    }

    /// Base dialect: the pong of the `ping` that was asked for has arrived.
    mutating func barrierPassed(now: Moment) {
        let (tickets, online) = batch.passed()
        for ticket in tickets {
            guard let message = pending[ticket], message.state == .sent else { continue }
            if online.contains(message.message.to) {
                settle(ticket, .routed, now: now)
            } else {
                // Gone before it was handed over, or right after.
                pending.update(ticket) { $0.mayHaveArrived = true }
                refuse(ticket, .offline, now: now)
            }
        }
        pump(now)
    }

    private mutating func acknowledge(_ id: MessageID, _ to: Mobile, receipts: Int, now: Moment) {
        guard let ticket = pending.ticket(id), let message = pending[ticket], message.message.to == to else { return }
        switch message.state {
        case .sent, .parked, .queued:
            // A late ack of an earlier try settles the message as well, unless a receipt is to be waited for.
            if message.message.wait != .stored || receipts <= 0 {
                settle(ticket, .routed, now: now)
            } else if message.state == .sent {
                move(ticket, to: .acknowledged)
                advanceLane(past: ticket, to, now: now)
            }
        case .asking, .acknowledged, .unwritten: return
        }
        pump(now)
    }

    private mutating func confirm(_ id: MessageID, _ from: Mobile, now: Moment) {
        guard let ticket = pending.ticket(id), let message = pending[ticket], message.message.to == from,
            message.message.wait == .stored
        else { return }
        settle(ticket, .stored, now: now)
        pump(now)
    }

    private mutating func reject(_ error: WireError, now: Moment) {
        guard let id = error.id, let ticket = pending.ticket(id), pending[ticket]?.state == .sent else { return }
        switch error.code {
        case .recipientOffline: refuse(ticket, .offline, now: now)
        case .recipientBusy: refuse(ticket, .busy, now: now)
        case .invalidFrame, .unknownType, .invalidMobile, .tooLarge, .rateLimited, .unauthorized, .draining:
            let reason = error.message.isEmpty ? "the server said \(error.code.rawValue)" : error.message
            settle(ticket, .rejected, reason: reason, now: now)
        }
        pump(now)
    }

    private mutating func list(_ users: [Mobile], now: Moment) {
        guard let server, server.dialect == .base else { return cameOnline(users, now: now) }
        let asked = batch.list(users)
        if !asked.isEmpty {
            let online = Set(users)
            let transmitted = asked.filter { transmitInBase($0, online, now: now) }
            batch.confirm(transmitted)
            if !transmitted.isEmpty { actions.append(.ping) }
        }
        cameOnline(users, now: now)
        startBatch()
        pump(now)
    }

    /// Transmits a message whose recipient is on the list and refuses any other; true if transmitted.
    private mutating func transmitInBase(_ ticket: Ticket, _ online: Set<Mobile>, now: Moment) -> Bool {
        guard let message = pending[ticket], message.state == .asking else { return false }
        guard online.contains(message.message.to) else {
            refuse(ticket, .offline, now: now)
            return false
        }
        move(ticket, to: .sent)
        let text = MessageText(message.message.text)
        actions.append(.transmit(.message(to: message.message.to, text: text, id: nil)))
        return true
    }

    /// Asks for the list if a batch of the base dialect can start.
    mutating func startBatch() {
        if batch.start() { actions.append(.askForList) }
    }
}
