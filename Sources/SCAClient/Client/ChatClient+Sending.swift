internal import NIOCore
public import SCACore

extension ChatClient {
    /// Submits messages; returns when the last of them has found room in the window. What becomes of each is reported as one
    /// `.delivery` event. Messages to one recipient are sent in order.
    ///
    /// While a connection is being made again messages wait for it, within their own time limits. One that cannot be sent, as
    /// it is too long for this server, is a delivery too: `rejected`, with the reason.
    ///
    /// - Parameter messages: any number; more than the window holds are taken in parts.
    /// - Throws: `closed`, or why the client has ended; those of the messages that were not taken by then are not reported.
    ///   `usage` before `connect`.
    public func submit(_ messages: [Outgoing]) async throws(ClientError) {
        await takeTurn()
        defer { endTurn() }
        var rest = messages[...]
        while !rest.isEmpty {
            try await roomInWindow(wanted: rest.count)
            let now = Moment.now()
            let chunk = rest.prefix(tracker.room)
            rest = rest.dropFirst(chunk.count)
            for message in chunk { tracker.submit(message, now: now) }
            settle(now)
        }
    }

    /// Sends one message and waits for what becomes of it; no `.delivery` event is made. That nobody got it is no error: look
    /// at the `status`.
    ///
    /// - Parameters:
    ///   - text: what to say.
    ///   - to: to whom.
    ///   - wait: what must be known before it counts as delivered.
    ///   - timeout: for each try.
    ///   - retryFor: nil: one try; see `Outgoing`.
    /// - Returns: what is known when the answer or the time limit has come.
    /// - Throws: `closed`, `usage`, or why the client has ended before the message was taken.
    public func send(
        _ text: String,
        to: Mobile,
        wait: Confirmation = .stored,
        timeout: Duration = .seconds(10),
        retryFor: Duration? = nil
    ) async throws(ClientError) -> Delivery {
        await takeTurn()
        do throws(ClientError) {
            try await roomInWindow(wanted: 1)
        } catch {
            endTurn()
            throw error
        }
        endTurn()
        let now = Moment.now()
        let id = MessageID(unixMilliseconds: now.unixMilliseconds, using: &random)
        let message = Outgoing(to: to, text: text, id: id, wait: wait, timeout: timeout, retryFor: retryFor)
        return await withCheckedContinuation { continuation in
            deliveries[id] = continuation
            tracker.submit(message, now: now)
            settle(now)
        }
    }

    /// Reports what became of a message, to whom waits for it or as an event.
    func report(_ delivery: Delivery) {
        guard !deliveries.isEmpty, let continuation = deliveries.removeValue(forKey: delivery.id) else {
            return events.append(.delivery(delivery))
        }
        continuation.resume(returning: delivery)
    }

    /// Waits for room in the window; half of it, or all that is wanted, so that a caller is not woken for each message.
    private func roomInWindow(wanted: Int) async throws(ClientError) {
        try checkUsable()
        let enough = min(wanted, max(configuration.window / 2, 1))
        while tracker.room < enough {
            turn.enough = enough
            await withCheckedContinuation { turn.holder = $0 }
            try checkUsable()
        }
    }

    /// Callers submit one after the other, so that none is mixed into another's batch.
    private func takeTurn() async {
        guard turn.isTaken else {
            turn.isTaken = true
            return
        }
        await withCheckedContinuation { turn.line.append($0) }
    }

    private func endTurn() {
        guard let next = turn.line.popFirst() else {
            turn.isTaken = false
            return
        }
        next.resume()
    }

    /// Lets the caller whose turn it is look again.
    func wakeSubmitter(always: Bool = false) {
        guard let holder = turn.holder, always || tracker.room >= turn.enough else { return }
        turn.holder = nil
        holder.resume()
    }

    /// Throws unless the client is connected or about to be again.
    func checkUsable() throws(ClientError) {
        if machine.isIdle { throw ClientError(.usage, "the client is not connected; call connect() first") }
        if let ending { throw ending.error ?? Self.closed }
        if machine.isEnding { throw Self.closed }
    }

    static let closed = ClientError(.closed, "the client was closed")
}

/// Who submits, and who is next.
struct SubmitTurn {
    var isTaken = false
    var line = CircularBuffer<CheckedContinuation<Void, Never>>()
    /// Whose turn it is, while it waits for room.
    var holder: CheckedContinuation<Void, Never>?
    var enough = 1
}
