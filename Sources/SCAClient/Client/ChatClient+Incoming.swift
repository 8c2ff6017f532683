internal import NIOCore
internal import SCACore

/// What the server says, and the way of a message: arrived → stored → receipt → event.
///
/// The order is the promise: a receipt leaves only after the store has returned, so whatever is killed whenever, no sender
/// was told `stored` of a message that is not in the file. A message that comes again gets its receipt again, since the first
/// one may have been lost, and no event. A store that fails means no receipt, but the event, so that a person sees it.
extension ChatClient {
    /// What one read brought.
    func received(_ incoming: [Incoming], from source: WebSocketConnection) {
        let now = Moment.now()
        // A WebSocket ping is no sign of life: libraries send them for a chat that has long forgotten this session.
        if !incoming.isEmpty { machine.received(now: now) }
        for item in incoming {
            guard connection === source else { break }
            switch item {
            case .frame(.hello(let hello)): perform(machine.greeted(hello, now: now), now)
            case .frame(let frame):
                perform(machine.receivedOther(now: now), now)
                if connection === source { receive(frame, now) }
            case .bad(let what):
                perform(machine.receivedOther(now: now), now)
                events.append(.badFrame(what))
            }
        }
        storeArrived()
        settle(now)
    }

    private func receive(_ frame: ServerFrame, _ now: Moment) {
        switch frame {
        case .message(let message): arrive(message, now)
        case .pong: receivePong(now)
        case .onlineUsers(let users, let rev):
            perform(presence.list(users, rev: rev))
            tracker.receive(frame, now: now)
            answerQuestions(users)
        case .presence(let rev, let joined, let left):
            perform(presence.delta(rev: rev, joined: joined, left: left))
            tracker.receive(frame, now: now)
        case .error(let error) where error.id == nil:
            if !refuseWatch(error) {
                events.append(.badFrame("the server refused a frame: \(error.code.rawValue): \(error.message)"))
            }
        case .receipt(let from, let id, .stored):
            tracker.receive(frame, now: now)
            if let copy = shelf.confirm(id, from: from) { collect(copy, .stored) }
        case .ack, .error: tracker.receive(frame, now: now)
        case .hello, .unknown: return
        }
    }

    private func receivePong(_ now: Moment) {
        switch pongs.popFirst() {
        case .barrier: tracker.barrierPassed(now: now)
        case .question(let number):
            presence.settleUnknown()
            answer(number, .success([]))
        case .heartbeat, nil: return
        }
    }

    private func perform(_ actions: [PresenceTracker.Action]) {
        for action in actions {
            switch action {
            case .list(let users): events.append(.onlineUsers(users))
            case .change(let joined, let left): events.append(.presence(joined: joined, left: left))
            case .askForList: connection?.append(.getOnlineUsers)
            }
        }
    }

    // MARK: Messages

    private func arrive(_ message: RelayedMessage, _ now: Moment) {
        let me = configuration.mobile
        let to = message.to ?? me
        let isCopy = message.from == me && to != me
        let arrived = ChatMessage(
            id: message.id ?? MessageID(unixMilliseconds: now.unixMilliseconds, using: &random),
            unixMilliseconds: message.unixMilliseconds ?? now.unixMilliseconds,
            direction: isCopy ? .out : .in,
            from: message.from,
            to: to,
            text: message.text.string
        )
        if isCopy, store != nil {
            // Reported at once, stored a moment later: nobody is told anything of a copy.
            if recent.insert(arrived) { events.append(.message(arrived)) }
            shelf.keep(arrived, now: now)
        } else {
            let isReceiptDue = message.to != nil && message.id != nil && !isCopy
            intake.collect(Intake.Arrival(message: arrived, status: nil, isReceiptDue: isReceiptDue))
        }
    }

    /// Stores the copies that no receipt came for: those that have waited long enough, or all at the end.
    func storeCopies(_ copies: [ChatMessage]) {
        for copy in copies { collect(copy, .routed) }
        storeArrived()
    }

    private func collect(_ copy: ChatMessage, _ status: DeliveryStatus) {
        intake.collect(Intake.Arrival(message: copy, status: status, isReceiptDue: false))
    }

    /// Starts to store what has collected, unless the store is busy.
    private func storeArrived() {
        guard let store else {
            guard let batch = intake.begin() else { return }
            return report(batch)
        }
        guard let batch = intake.begin() else { return }
        // Bare, since a read cannot wait for the store; one at a time, and it ends with the last batch. `.ended` waits for it.
        Task { await self.store(batch, in: store) }
    }

    private func store(_ first: [Intake.Arrival], in store: any MessageStore) async {
        var next: [Intake.Arrival]? = first
        while let batch = next {
            do throws(HistoryError) {
                let outcome = try await store.store(batch.map(\.row))
                stored(batch, outcome)
            } catch {
                events.append(.storeFailed(error))
                report(batch)
            }
            settle(.now())
            next = intake.begin()
        }
        finishEnding()
    }

    private func stored(_ batch: [Intake.Arrival], _ outcome: StoreOutcome) {
        for sentence in outcome.healed { events.append(.historyHealed(sentence)) }
        if configuration.sendsReceipts, machine.info?.dialect == .v2 {
            for arrival in batch where arrival.isReceiptDue {
                connection?.append(.receipt(to: arrival.message.from, id: arrival.message.id, state: .stored))
            }
        }
        report(batch)
    }

    /// Reports each message that this client has not reported before. What the store calls new is another question: several
    /// processes share a history, and each reports what arrived here, whoever was first to write it down.
    private func report(_ batch: [Intake.Arrival]) {
        for arrival in batch where recent.insert(arrival.message) { events.append(.message(arrival.message)) }
        intake.finish(batch)
    }
}

extension Intake.Arrival {
    /// The message as the history has it.
    var row: HistoryRow {
        HistoryRow(
            id: message.id,
            ts: message.unixMilliseconds,
            direction: message.direction,
            from: message.from,
            to: message.to,
            text: message.text,
            status: status
        )
    }
}
