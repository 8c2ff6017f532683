internal import SCACore

/// Who must receive this: messages, their copies, acks and receipts.
///
/// The recipient's visible sessions on this loop are handed the message here and now; every other loop that
/// has some gets one letter. A message with an id gets exactly one answer. If all its recipients are on this
/// loop the answer is immediate; otherwise it waits until each of those loops has reported, because only
/// they know whether an outbox had room: an ack sent on the directory's word alone could name a session
/// that refused the message.
extension Hub {
    /// A message that other loops have yet to report on.
    struct Unanswered {
        let sender: SessionID
        let from: Mobile
        let to: Mobile
        let id: MessageID?
        let copy: EncodedFrame
        var tally: Tally
        var reportsDue: Int
    }

    mutating func handle(_ frame: ClientFrame, from id: SessionID, _ now: HubTime) {
        guard let session = sessions[id] else { return }
        switch frame {
        case .ping: send(.pong, to: id)
        case .getOnlineUsers: sendList(to: id)
        case .message(let to, let text, let messageID):
            route(text, to: to, id: messageID, from: session, now)
        case .receipt(let to, let messageID, let state):
            guard requireV2(session, "receipt") else { return }
            routeReceipt(EncodedFrame(.receipt(from: session.terms.mobile, id: messageID, state: state)), to: to, now)
        case .watch(let mobiles):
            guard requireV2(session, "watch") else { return }
            watch(mobiles, by: session)
        case .unwatch(let mobiles):
            guard requireV2(session, "unwatch") else { return }
            watchers.unwatch(mobiles, by: id)
        }
    }

    private mutating func requireV2(_ session: Session, _ type: StaticString) -> Bool {
        if session.speaksV2 { return true }
        send(.error(WireError(.unknownType, "\(type) needs the subprotocol \(Dialect.subprotocol)")), to: session.id)
        return false
    }

    private mutating func route(
        _ text: MessageText,
        to: Mobile,
        id: MessageID?,
        from sender: Session,
        _ now: HubTime
    ) {
        let loops = directory.loops(of: to, visible: true)
        guard loops != 0 else {
            answer(id, of: sender.id, to: to, Tally())
            return
        }
        var message = RelayedMessage(from: sender.terms.mobile, text: text)
        let base = EncodedFrame(.message(message))
        message.to = to
        message.id = id ?? makeMessageID()
        message.unixMilliseconds = now.unixMilliseconds
        let delivery = Delivery(to: to, base: base, numbered: EncodedFrame(.message(message)))

        let tally = loops & 1 << Directory.Loops(loop) != 0 ? deliver(delivery, now) : Tally()
        let others = loops & ~(1 << Directory.Loops(loop))
        let unanswered = Unanswered(
            sender: sender.id,
            from: sender.terms.mobile,
            to: to,
            id: id,
            copy: delivery.numbered,
            tally: tally,
            reportsDue: others.nonzeroBitCount
        )
        guard others != 0 else { return finish(unanswered, now) }
        nextTicket += 1
        self.unanswered[nextTicket] = unanswered
        post(.deliver(delivery, ticket: Ticket(loop: loop, number: nextTicket)), to: others, now)
    }

    /// Hands a message to the recipient's visible sessions on this loop.
    mutating func deliver(_ delivery: Delivery, _ now: HubTime) -> Tally {
        var tally = Tally()
        for id in sessionsByMobile[delivery.to] ?? [] {
            guard let session = sessions[id], session.terms.isVisible else { continue }
            if offer(session.speaksV2 ? delivery.numbered : delivery.base, to: id, now) {
                tally.sessions += 1
                if session.terms.sendsReceipts { tally.receipts += 1 }
            } else {
                tally.busy += 1
            }
        }
        return tally
    }

    /// Takes another loop's report.
    mutating func delivered(ticket: UInt64, _ tally: Tally, _ now: HubTime) {
        guard var message = unanswered[ticket] else { return }
        message.tally += tally
        message.reportsDue -= 1
        unanswered[ticket] = message.reportsDue > 0 ? message : nil
        if message.reportsDue == 0 { finish(message, now) }
    }

    /// Answers the sender, and copies the message to the sender's other devices if anyone got it.
    private mutating func finish(_ message: Unanswered, _ now: HubTime) {
        answer(message.id, of: message.sender, to: message.to, message.tally)
        guard message.tally.sessions > 0, message.from != message.to else { return }
        copy(message.copy, of: message.from, except: message.sender, now)
        let others = directory.loops(of: message.from, visible: true) & ~(1 << Directory.Loops(loop))
        if others != 0 { post(.copy(message.copy, of: message.from), to: others, now) }
    }

    /// Exactly one answer to a message with an id; none to one without.
    private mutating func answer(_ id: MessageID?, of sender: SessionID, to: Mobile, _ tally: Tally) {
        guard let id else { return }
        if tally.sessions > 0 {
            send(.ack(id: id, to: to, sessions: tally.sessions, receipts: tally.receipts), to: sender)
        } else if tally.busy > 0 {
            send(.error(WireError(.recipientBusy, "\(to) reads too slowly; try again later", id: id)), to: sender)
        } else {
            send(.error(WireError(.recipientOffline, "\(to) is not online", id: id)), to: sender)
        }
    }

    /// A copy for the sender's other visible v2 sessions on this loop; one without room goes without.
    mutating func copy(_ frame: EncodedFrame, of sender: Mobile, except: SessionID?, _ now: HubTime) {
        for id in sessionsByMobile[sender] ?? [] where id != except {
            guard let session = sessions[id], session.terms.isVisible, session.speaksV2 else { continue }
            _ = offer(frame, to: id, now)
        }
    }

    private mutating func routeReceipt(_ frame: EncodedFrame, to mobile: Mobile, _ now: HubTime) {
        let loops = directory.loops(of: mobile, visible: false)
        if loops & 1 << Directory.Loops(loop) != 0 { deliverReceipt(frame, to: mobile, now) }
        let others = loops & ~(1 << Directory.Loops(loop))
        if others != 0 { post(.receipt(frame, to: mobile), to: others, now) }
    }

    /// A receipt for all v2 sessions of the sender on this loop, the invisible one that sent included.
    mutating func deliverReceipt(_ frame: EncodedFrame, to mobile: Mobile, _ now: HubTime) {
        for id in sessionsByMobile[mobile] ?? [] where sessions[id]?.speaksV2 == true {
            _ = offer(frame, to: id, now)
        }
    }

    /// A name for a message that came without one, so that two devices of its recipient agree on it.
    private mutating func makeMessageID() -> MessageID? {
        nextServerMessage += 1
        return MessageID("s-\(configuration.epoch)-\(loop)-\(nextServerMessage)")
    }

    mutating func receive(_ letter: Letter, _ now: HubTime) {
        switch letter {
        case .deliver(let delivery, let ticket):
            let tally = deliver(delivery, now)
            if let ticket { post(.delivered(ticket: ticket.number, tally), to: 1 << Directory.Loops(ticket.loop), now) }
        case .delivered(let ticket, let tally): delivered(ticket: ticket, tally, now)
        case .copy(let frame, let sender): copy(frame, of: sender, except: nil, now)
        case .receipt(let frame, let mobile): deliverReceipt(frame, to: mobile, now)
        case .touched(let mobile): presence?.touch(mobile)
        case .presence(let update): publish(update, now)
        }
    }

    /// Posts a letter to each of these loops; to this one it is handed at once.
    mutating func post(_ letter: Letter, to loops: Directory.Loops, _ now: HubTime) {
        for other in 0..<loopCount where loops & 1 << Directory.Loops(other) != 0 {
            if other == loop { receive(letter, now) } else { actions.append(.post(letter, to: other)) }
        }
    }
}
