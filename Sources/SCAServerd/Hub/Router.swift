internal import SCACore

/// Who must receive this: messages, their copies, acks and receipts.
///
/// The recipient's visible sessions on this loop are handed the message here and now; every other loop that
/// has some gets one letter. A message with an id gets exactly one answer. If all its recipients are on this
/// loop the answer is immediate; otherwise it waits until each of those loops has reported, because only
/// they know whether an outbox had room: an ack sent on the directory's word alone could name a session
/// that refused the message.
///
/// Nothing holds letters up at the loop that they go to, and one may be for as many sessions as a mobile may have. So each counts toward
/// its sender until that loop says that it has read it, and who has much on its way is not read from (`Session.Pause.letters`).
extension Hub {
    /// What a letter counts as besides what it carries, in bytes.
    private static let letterBytes = 256

    /// A message that other loops have yet to report on.
    struct Unanswered {
        let sender: SessionID
        let id: MessageID?
        var delivery: Delivery
        var tally: Tally
        var reportsDue: Int
        /// What it counts toward its sender, in bytes.
        var posted: Int { delivery.text.utf8Count + Hub.letterBytes }
    }

    func handle(_ frame: ClientFrame, from session: Session, _ now: HubTime) {
        switch frame {
        case .ping: send(.pong, to: session)
        case .getOnlineUsers: sendList(to: session)
        case .message(let to, let text, let messageID):
            route(text, to: to, id: messageID, from: session, now)
        case .receipt(let to, let messageID, let state):
            guard requireV2(session, "receipt") else { return }
            let receipt = ServerFrame.receipt(from: session.terms.mobile, id: messageID, state: state)
            routeReceipt(scratch.encode(receipt), to: to, from: session, now)
        case .watch(let mobiles):
            guard requireV2(session, "watch") else { return }
            watch(mobiles, by: session)
        case .unwatch(let mobiles):
            guard requireV2(session, "unwatch") else { return }
            watchers.unwatch(mobiles, by: session.id)
        }
    }

    private func requireV2(_ session: Session, _ type: StaticString) -> Bool {
        if session.speaksV2 { return true }
        refuse(WireError(.unknownType, "\(type) needs the subprotocol \(Dialect.subprotocol)"), of: session)
        return false
    }

    private func route(
        _ text: MessageText,
        to: Mobile,
        id: MessageID?,
        from sender: Session,
        _ now: HubTime
    ) {
        if id == nil { nextServerMessage += 1 }
        var delivery = Delivery(
            from: sender.terms.mobile,
            to: to,
            text: text,
            name: id.map { .given($0) } ?? .made(prefix: serverPrefix, number: nextServerMessage),
            unixMilliseconds: now.unixMilliseconds
        )
        let tally = deliver(&delivery, now)
        let others = otherLoops(of: to)
        guard others != 0 else { return finish(&delivery, id, of: sender, tally, now) }
        nextTicket += 1
        let message = Unanswered(
            sender: sender.id,
            id: id,
            delivery: delivery,
            tally: tally,
            reportsDue: others.nonzeroBitCount
        )
        unanswered[nextTicket] = message
        posted(message.posted, by: sender)
        post(.deliver(delivery, ticket: Ticket(loop: loop, number: nextTicket)), to: others, now)
    }

    /// Which other loops hold sessions of this mobile: visible ones, or any.
    private func otherLoops(of mobile: Mobile, visible: Bool = true) -> Directory.Loops {
        loopCount == 1 ? 0 : directory.loops(of: mobile, visible: visible) & ~(1 << Directory.Loops(loop))
    }

    /// Hands a message to the recipient's visible sessions on this loop.
    func deliver(_ delivery: inout Delivery, _ now: HubTime) -> Tally {
        var tally = Tally()
        guard let recipients = sessionsByMobile[delivery.to] else { return tally }
        for session in recipients where session.terms.isVisible {
            if offer(delivery.frame(session.terms.dialect, &scratch), to: session, now) {
                tally.sessions += 1
                if session.terms.sendsReceipts { tally.receipts += 1 }
            } else {
                tally.busy += 1
            }
        }
        return tally
    }

    /// Takes another loop's report.
    func delivered(ticket: UInt64, _ tally: Tally, _ now: HubTime) {
        guard var message = unanswered[ticket] else { return }
        message.tally += tally
        message.reportsDue -= 1
        unanswered[ticket] = message.reportsDue > 0 ? message : nil
        // Who has left meanwhile is not answered; the copies go out all the same.
        guard message.reportsDue == 0 else { return }
        let sender = sessions[message.sender]
        finish(&message.delivery, message.id, of: sender, message.tally, now)
        if let sender { wasRead(message.posted, of: sender, now) }
    }

    /// Counts what a session has on its way to other loops; if that is much, it is not read from.
    private func posted(_ bytes: Int, by session: Session) {
        session.postedBytes += bytes
        if session.postedBytes > configuration.postedBytes { pause(session, .letters) }
    }

    private func wasRead(_ bytes: Int, of session: Session, _ now: HubTime) {
        session.postedBytes -= bytes
        if session.postedBytes <= configuration.postedBytes / 2 { listen(to: session, .letters, now.nanoseconds) }
    }

    /// What a frame counts toward a session that is posted to so many loops for it.
    private func postage(_ frame: EncodedFrame, to loops: Directory.Loops, by session: Session) -> Postage {
        let postage = Postage(session: session.id, bytes: frame.count + Self.letterBytes)
        posted(postage.bytes * loops.nonzeroBitCount, by: session)
        return postage
    }

    /// Tells the loop of a letter's sender that it has been read.
    private func acknowledge(_ postage: Postage?, _ now: HubTime) {
        guard let postage else { return }
        post(.read(postage), to: 1 << Directory.Loops(postage.session.loop), now)
    }

    /// Answers the sender, and copies the message to the sender's other devices if anyone got it.
    private func finish(
        _ delivery: inout Delivery,
        _ id: MessageID?,
        of sender: Session?,
        _ tally: Tally,
        _ now: HubTime
    ) {
        count(tally)
        if let id, let sender { answer(id, of: sender, to: delivery.to, tally) }
        guard tally.sessions > 0, delivery.from != delivery.to else { return }
        if sender?.hasSiblings ?? true {
            for session in sessionsByMobile[delivery.from] ?? [] where session !== sender && session.getsCopies {
                _ = offer(delivery.frame(.v2, &scratch), to: session, now)
            }
        }
        let others = otherLoops(of: delivery.from)
        guard others != 0 else { return }
        let frame = delivery.frame(.v2, &scratch)
        post(.copy(frame, of: delivery.from, sender.map { postage(frame, to: others, by: $0) }), to: others, now)
    }

    private func count(_ tally: Tally) {
        if tally.sessions > 0 {
            counters.routed &+= 1
        } else if tally.busy > 0 {
            counters.busy &+= 1
        } else {
            counters.offline &+= 1
        }
    }

    /// Exactly one answer to a message with an id.
    private func answer(_ id: MessageID, of sender: Session, to: Mobile, _ tally: Tally) {
        if tally.sessions > 0 {
            send(.ack(id: id, to: to, sessions: tally.sessions, receipts: tally.receipts), to: sender)
        } else if tally.busy > 0 {
            send(.error(WireError(.recipientBusy, "\(to) reads too slowly; try again later", id: id)), to: sender)
        } else {
            send(.error(WireError(.recipientOffline, "\(to) is not online", id: id)), to: sender)
        }
    }

    /// A copy for the sender's visible v2 sessions on this loop; one without room goes without.
    func copy(_ frame: EncodedFrame, of sender: Mobile, _ now: HubTime) {
        for session in sessionsByMobile[sender] ?? [] where session.getsCopies { _ = offer(frame, to: session, now) }
    }

    private func routeReceipt(_ frame: EncodedFrame, to mobile: Mobile, from session: Session, _ now: HubTime) {
        deliverReceipt(frame, to: mobile, now)
        let others = otherLoops(of: mobile, visible: false)
        if others != 0 { post(.receipt(frame, to: mobile, postage(frame, to: others, by: session)), to: others, now) }
    }

    /// A receipt for all v2 sessions of the sender on this loop, the invisible one that sent included.
    func deliverReceipt(_ frame: EncodedFrame, to mobile: Mobile, _ now: HubTime) {
        for session in sessionsByMobile[mobile] ?? [] where session.speaksV2 { _ = offer(frame, to: session, now) }
    }

    func receive(_ letter: Letter, _ now: HubTime) {
        switch letter {
        case .deliver(var delivery, let ticket):
            let tally = deliver(&delivery, now)
            if let ticket { post(.delivered(ticket: ticket.number, tally), to: 1 << Directory.Loops(ticket.loop), now) }
        case .delivered(let ticket, let tally): delivered(ticket: ticket, tally, now)
        case .copy(let frame, let sender, let postage):
            copy(frame, of: sender, now)
            acknowledge(postage, now)
        case .receipt(let frame, let mobile, let postage):
            deliverReceipt(frame, to: mobile, now)
            acknowledge(postage, now)
        case .read(let postage): if let session = sessions[postage.session] { wasRead(postage.bytes, of: session, now) }
        case .touched(let mobile): presence?.touch(mobile)
        case .presence(let update): publish(update, now)
        }
    }

    /// Posts a letter to each of these loops; to this one it is handed at once.
    func post(_ letter: Letter, to loops: Directory.Loops, _ now: HubTime) {
        for other in 0..<loopCount where loops & 1 << Directory.Loops(other) != 0 {
            if other == loop { receive(letter, now) } else { actions.append(.post(letter, to: other)) }
        }
    }
}
