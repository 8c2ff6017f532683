internal import SCACore

@testable internal import SCAClient

/// What arrives: presence, answers, messages on their way to the disk, and what is said and shown of them.
extension Client {
    func receive(_ frame: ServerFrame, over source: Line) {
        switch frame {
        case .message(let message): arrive(message, over: source)
        case .pong: if !pongs.isEmpty, pongs.removeFirst() { tracker.barrierPassed(now: now) }
        case .onlineUsers(let users, let rev):
            perform(presence.list(users, rev: rev))
            tracker.receive(frame, now: now)
        case .presence(let rev, let joined, let left):
            perform(presence.delta(rev: rev, joined: joined, left: left))
            tracker.receive(frame, now: now)
        case .receipt(let from, let id, .stored):
            tracker.receive(frame, now: now)
            if let copy = shelf.confirm(id, from: from) { collect(copy, .stored) }
        case .ack, .error: tracker.receive(frame, now: now)
        case .hello, .unknown: return
        }
    }

    func perform(_ actions: [PresenceTracker.Action]) {
        for case .askForList in actions { append(.getOnlineUsers) }
    }

    func arrive(_ message: RelayedMessage, over source: Line) {
        let isCopy = message.from == request.mobile
        if !isCopy { world.ledger.arrived(message.text.string, over: source.number) }
        let arrived = ChatMessage(
            id: message.id ?? world.freshID(),
            unixMilliseconds: message.unixMilliseconds ?? world.unixMilliseconds,
            direction: isCopy ? .out : .in,
            from: message.from,
            to: message.to ?? request.mobile,
            text: message.text.string
        )
        if isCopy { return shelf.keep(arrived, now: now) }
        let isReceiptDue = message.to != nil && message.id != nil
        if world.mutation == .acknowledgesBeforeDisk, isReceiptDue {
            append(.receipt(to: arrived.from, id: arrived.id, state: .stored))
        }
        intake.collect(Intake.Arrival(message: arrived, status: nil, isReceiptDue: isReceiptDue))
    }

    func collect(_ copy: ChatMessage, _ status: DeliveryStatus) {
        intake.collect(Intake.Arrival(message: copy, status: status, isReceiptDue: false))
    }

    /// Says `stored` of those that want it, and shows what was not shown before.
    func report(_ batch: [Intake.Arrival], isStored: Bool) {
        for arrival in batch where isStored && arrival.isReceiptDue && machine.info?.dialect == .v2 && request.isVisible
        {
            append(.receipt(to: arrival.message.from, id: arrival.message.id, state: .stored))
        }
        for arrival in batch where recent.insert(arrival.message) || world.mutation == .showsTwice {
            let key = Disk.Key(from: arrival.message.from, id: arrival.message.id)
            if !shown.insert(key).inserted { world.ledger.fail("\(name) shows \(key.id) twice") }
        }
        intake.finish(batch)
    }
}
