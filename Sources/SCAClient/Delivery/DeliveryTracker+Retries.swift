internal import SCACore

/// Tries that failed, and when the next one comes.
extension DeliveryTracker {
    /// Between the tries of one recipient: within 0.25 s, doubling up to 5 s.
    private static let pause = ReconnectPolicy(base: .milliseconds(250), maximum: .seconds(5))

    /// A try failed: the message goes into its recipient's lane, or is settled if no other try may follow.
    mutating func refuse(_ ticket: Ticket, _ status: DeliveryStatus, now: Moment) {
        guard let message = pending[ticket] else { return }
        guard let end = message.retryEnd, now.instant < end else { return settle(ticket, status, now: now) }
        let to = message.message.to
        pending.update(ticket) { $0.refusal = status }
        move(ticket, to: .parked)
        setDeadline(ticket, end)
        if lanes[to] == nil { lanes[to] = RetryLane() }
        _ = putBack(ticket, message.message)
        if status == .offline, lanes[to]?.isWatching == false, server?.dialect == .v2 {
            lanes[to]?.isWatching = true
            actions.append(.watch(to))
        }
        delayLane(to, now: now)
    }

    /// These came online: what waits for them is tried at once.
    mutating func cameOnline(_ mobiles: [Mobile], now: Moment) {
        guard !lanes.isEmpty else { return }
        for mobile in mobiles where lanes[mobile] != nil { tryLane(mobile, now: now) }
        startBatch()
    }

    /// Puts a message back into its lane; false if it has none.
    mutating func putBack(_ ticket: Ticket, _ message: Outgoing) -> Bool {
        guard message.retryFor != nil, message.wait != .none, lanes[message.to] != nil else { return false }
        if lanes[message.to]?.probe == ticket { lanes[message.to]?.probe = nil }
        lanes[message.to]?.putBack(ticket)
        return true
    }

    /// Transmits a lane's next message if none of it is under way, now or once the window has room; closes a lane that has
    /// none left.
    mutating func tryLane(_ mobile: Mobile, now: Moment) {
        guard let server, let lane = lanes[mobile], lane.probe == nil, !lane.isReady else { return }
        lanes[mobile]?.nextTry = nil
        guard inFlight < window else {
            lanes[mobile]?.isReady = true
            return readyLanes.append(mobile)
        }
        while let ticket = lanes[mobile]?.takeNext() {
            guard let message = pending[ticket], message.state == .parked,
                transmit(ticket, message, server, now: now)
            else { continue }
            lanes[mobile]?.probe = ticket
            return startBatch()
        }
        if lanes[mobile]?.isWatching == true { actions.append(.unwatch(mobile)) }
        lanes[mobile] = nil
    }

    /// The server has taken this message; if its lane waited for that, the next one goes.
    mutating func advanceLane(past ticket: Ticket, _ mobile: Mobile, now: Moment) {
        guard !lanes.isEmpty, lanes[mobile]?.probe == ticket else { return }
        lanes[mobile]?.probe = nil
        lanes[mobile]?.attempt = 0
        tryLane(mobile, now: now)
    }

    /// Plans the next try, unless one is planned or under way.
    private mutating func delayLane(_ mobile: Mobile, now: Moment) {
        guard let lane = lanes[mobile], lane.probe == nil, lane.nextTry == nil, !lane.isReady else { return }
        let instant = now.instant + Self.pause.delay(attempt: lane.attempt + 1, using: &jitter)
        lanes[mobile]?.attempt += 1
        lanes[mobile]?.nextTry = instant
        schedule(.lane(mobile), at: instant)
    }

    /// A message is settled; if it was its lane's try, the lane goes on: at once after a success, else after a pause.
    mutating func leaveLane(_ ticket: Ticket, _ mobile: Mobile, _ status: DeliveryStatus, now: Moment) {
        guard !lanes.isEmpty, lanes[mobile]?.probe == ticket else { return }
        switch status {
        case .stored, .routed, .rejected:
            advanceLane(past: ticket, mobile, now: now)
        case .offline, .busy, .timeout:
            lanes[mobile]?.probe = nil
            delayLane(mobile, now: now)
        }
    }
}
