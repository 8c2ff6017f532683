internal import NIOCore
internal import SCACore

/// What a pong that is due will be about.
enum PongPurpose: Hashable, Sendable {
    /// Only that the server lives.
    case heartbeat
    /// The end of a batch in the base dialect.
    case barrier
    /// That the server has answered a `watch`.
    case question(Int)
}

/// That it is over, and why; nil: it was closed.
struct Ending {
    let error: ClientError?
}

/// The transport, the timer, and doing what the machines ask for.
extension ChatClient {
    /// Does what the machines asked for, once the event at hand is dealt with.
    func settle(_ now: Moment) {
        performDeliveries()
        regulateReading(now)
        flush(now)
        armTimer()
        wakeSubmitter()
        if isQuiet { wakeQuiet() }
        if !events.isEmpty { events.wake() }
    }

    /// Does what the state machine asks for.
    func perform(_ actions: [ClientStateMachine.Action], _ now: Moment) {
        for action in actions {
            switch action {
            case .dial: dial()
            case .ping: ping(.heartbeat)
            case .close(let reason):
                flush(now)
                connection?.close(reason)
            case .drop:
                connection?.drop()
                connection = nil
            case .connected(let info):
                events.append(.connected(info))
                connecting?.resume(returning: .success(info))
                connecting = nil
                begin(info, now)
            case .reconnected(let info, let gap):
                events.append(.reconnected(info, gap: gap))
                begin(info, now)
            case .disconnected(let error):
                tracker.disconnected(now: now)
                events.append(.disconnected(error))
            case .reconnecting(let attempt, let delay):
                events.append(.reconnecting(attempt: attempt, delay: delay))
            case .ended(let error): end(error, now)
            }
        }
    }

    private func performDeliveries() {
        for action in tracker.takeActions() {
            switch action {
            case .transmit(let frame): connection?.append(frame)
            case .report(let delivery): report(delivery)
            case .askForList: connection?.append(.getOnlineUsers)
            case .ping: ping(.barrier)
            case .watch(let mobile):
                if tellsWatched, !presence.isWatching(mobile) { connection?.append(.watch([mobile])) }
            case .unwatch(let mobile):
                if tellsWatched, !presence.isWatching(mobile) { connection?.append(.unwatch([mobile])) }
            }
        }
    }

    /// Writes a ping and notes what its pong will be about.
    func ping(_ purpose: PongPurpose) {
        guard let connection else { return }
        connection.append(.ping)
        pongs.append(purpose)
    }

    // MARK: The transport

    private func dial() {
        let promise = loop.makePromise(of: Dialect.self)
        let source = WebSocketConnection(
            endpoint: configuration.endpoint,
            owner: WebSocketConnection.Owner(
                received: { self.received($1, from: $0) },
                lost: { self.lost($0, $1) }
            )
        )
        connection = source
        pongs.removeAll()
        promise.futureResult.assumeIsolated().whenComplete { self.dialed(source, $0) }
        let sendsReceipts = configuration.sendsReceipts && store != nil
        let request = UpgradeRequest(configuration, sendsReceipts: sendsReceipts, explain: dialer.explain)
        WebSocketTransport.open(dialer, request, NIOLoopBound(source, eventLoop: loop), promise: promise)
    }

    private func dialed(_ source: WebSocketConnection, _ result: Result<Dialect, any Error>) {
        guard connection === source else { return source.drop() }
        switch result {
        case .success(let dialect):
            let now = Moment.now()
            perform(machine.upgraded(dialect, now: now), now)
            settle(now)
        case .failure(let error): lost(source, dialer.explain(error))
        }
    }

    private func lost(_ source: WebSocketConnection, _ error: ClientError) {
        guard connection === source else { return }
        connection = nil
        let now = Moment.now()
        perform(machine.lost(error.naming(configuration.mobile), now: now), now)
        settle(now)
    }

    private func begin(_ info: ServerInfo, _ now: Moment) {
        isReading = true
        presence.connected()
        tracker.connected(info, now: now)
        reask()
    }

    private func flush(_ now: Moment) {
        guard let connection else { return }
        var promise: EventLoopPromise<Void>?
        if tracker.writeMark != writeMark {
            let mark = tracker.writeMark
            writeMark = mark
            let written = loop.makePromise(of: Void.self)
            written.futureResult.assumeIsolated().whenSuccess { self.written(mark, connection) }
            promise = written
        }
        if connection.flush(promise: promise) { machine.sent(now: now) }
    }

    private func written(_ mark: Int, _ source: WebSocketConnection) {
        guard connection === source else { return }
        let now = Moment.now()
        tracker.written(upTo: mark, now: now)
        settle(now)
    }

    /// Stops reading the socket while too much waits for the consumer, and goes on when it has caught up.
    func regulateReading(_ now: Moment) {
        let waiting = events.weight + intake.count
        let shallRead = isReading ? waiting <= EventQueue.high : waiting < EventQueue.low
        guard shallRead != isReading, let connection, machine.info != nil else { return }
        isReading = shallRead
        connection.setReading(shallRead)
        machine.reading(shallRead, now: now)
    }

    // MARK: The timer

    private func armTimer() {
        let deadlines = [machine.nextDeadline, tracker.nextDeadline(), shelf.nextDeadline].compactMap { $0 }
        guard ending == nil, let next = deadlines.min() else { return }
        // One that fires too early does no harm, and arms the next.
        if let timerInstant, timerInstant <= next { return }
        timer?.cancel()
        timerInstant = next
        timer = loop.scheduleTask(in: TimeAmount(max(.zero, next - .now))) {
            self.assumeIsolated { $0.timerFired() }
        }
    }

    private func timerFired() {
        timer = nil
        timerInstant = nil
        let now = Moment.now()
        perform(machine.tick(now: now), now)
        tracker.tick(now: now)
        storeCopies(shelf.due(now: now))
        settle(now)
    }

    // MARK: The end

    private func end(_ error: ClientError?, _ now: Moment) {
        ending = Ending(error: error)
        timer?.cancel()
        timer = nil
        tracker.end(now: now)
        performDeliveries()
        connecting?.resume(returning: .failure(error ?? Self.closed))
        connecting = nil
        for number in questions.keys.sorted() { answer(number, .failure(error ?? Self.closed)) }
        wakeSubmitter(always: true)
        wakeQuiet()
        storeCopies(shelf.takeAll())
        finishEnding()
    }

    /// Reports `.ended` when no message is on its way to the store any more: it is the last event.
    func finishEnding() {
        guard let ending, !intake.isStoring else { return }
        events.append(.ended(ending.error))
        events.wake()
        for continuation in closing { continuation.resume() }
        closing = []
    }

    /// Whether no answer is due and no message waits for the store.
    var isQuiet: Bool { tracker.isIdle && intake.count == 0 }

    /// Lets those go who wait for quiet before they close.
    func wakeQuiet() {
        for continuation in quiet { continuation.resume() }
        quiet = []
    }
}
