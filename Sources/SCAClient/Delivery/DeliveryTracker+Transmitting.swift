internal import SCACore

/// From the line to the wire: in the order of submitting, as far as connection and window allow.
extension DeliveryTracker {
    /// Transmits what the connection and the window allow.
    mutating func pump(_ now: Moment) {
        guard let server else { return }
        while inFlight < window, let mobile = readyLanes.popFirst() {
            lanes[mobile]?.isReady = false
            tryLane(mobile, now: now)
        }
        while inFlight < window, let ticket = line.popFirst() {
            guard let message = pending[ticket], message.state == .queued else { continue }
            let mayRetry = message.message.retryFor != nil && message.message.wait != .none
            if mayRetry, !lanes.isEmpty, lanes[message.message.to] != nil {
                lanes[message.message.to]?.hold(ticket)
                move(ticket, to: .parked)
                if let end = message.retryEnd { setDeadline(ticket, end) }
            } else {
                transmit(ticket, message, server, now: now)
            }
        }
        startBatch()
    }

    /// Transmits one message; the window has room.
    ///
    /// - Returns: false if the message was rejected here, as too large.
    @discardableResult
    mutating func transmit(
        _ ticket: Ticket,
        _ pendingMessage: PendingMessage,
        _ server: ServerInfo,
        now: Moment
    ) -> Bool {
        let message = pendingMessage.message
        let text = MessageText(message.text)
        let isConfirmed = message.wait != .none
        let id = isConfirmed && server.dialect == .v2 ? message.id : nil
        let frame = ClientFrame.message(to: message.to, text: text, id: id)
        if let reason = Self.excess(frame, textBytes: text.utf8Count, server.limits) {
            settle(ticket, .rejected, reason: reason, now: now)
            return false
        }
        if pendingMessage.retryEnd != nil { setDeadline(ticket, now.instant + message.timeout) }
        if !isConfirmed {
            unwritten.append(ticket)
            unwrittenEnd += 1
            move(ticket, to: .unwritten)
            actions.append(.transmit(frame))
        } else if server.dialect == .v2 {
            move(ticket, to: .sent)
            actions.append(.transmit(frame))
        } else {
            move(ticket, to: .asking)
            batch.collect(ticket)
        }
        return true
    }

    /// Why a frame is too large for a server; nil if it is not.
    private static func excess(_ frame: ClientFrame, textBytes: Int, _ limits: WireLimits) -> String? {
        guard textBytes <= limits.textBytes else {
            return "the text has \(textBytes) bytes; this server takes up to \(limits.textBytes)"
        }
        // A byte is at most six once escaped; so most frames need not be measured.
        guard limits.frameBytes > 0, textBytes > (limits.frameBytes - 256) / 6 else { return nil }
        let frameBytes = FrameEncoder.encode(frame).count
        guard frameBytes > limits.frameBytes else { return nil }
        return "the frame has \(frameBytes) bytes; this server takes up to \(limits.frameBytes)"
    }
}
