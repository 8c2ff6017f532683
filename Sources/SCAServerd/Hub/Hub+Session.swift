internal import SCACore

/// Sessions: how they come, go, are slowed, and are given up.
extension Hub {
    func connect(_ id: SessionID, _ terms: SessionTerms, _ now: HubTime) {
        let session = Session(
            id: id,
            terms: terms,
            lastActivity: now.nanoseconds,
            rate: RateLimiter(configuration.rates, now: now.nanoseconds)
        )
        counters.opened += 1
        sessions[id] = session
        sessionsByMobile[terms.mobile, default: []].append(session)
        noteSiblings(of: terms.mobile)
        heartbeats.add(id, lastActivity: session.countedActivity(now, timeout: configuration.pingTimeout))
        draining?.add(id)
        let cameOnline = directory.join(terms, loop: loop)
        if terms.dialect == .v2 {
            send(
                .hello(
                    Hello(
                        server: configuration.server,
                        mobile: terms.mobile,
                        textBytes: configuration.limits.textBytes,
                        frameBytes: configuration.limits.frameBytes,
                        heartbeatSeconds: Int(configuration.pingTimeout / 1_000_000_000)
                    )
                ),
                to: session
            )
        }
        // A newcomer that changes presence hears of it with everyone else; any other gets the list now.
        if cameOnline { touch(terms.mobile) }
        if terms.wantsAllPresence, terms.dialect == .v2 || !cameOnline {
            sendPresence(terms.dialect == .v2 ? presenceView.numberedList : presenceView.list, to: session)
        }
    }

    /// Tells the sessions of a mobile whether they are alone.
    private func noteSiblings(of mobile: Mobile) {
        guard let all = sessionsByMobile[mobile] else { return }
        for session in all { session.hasSiblings = all.count > 1 }
    }

    /// Forgets a session; its mobile may go offline by it.
    func remove(_ id: SessionID, _ end: SessionEnd) {
        guard let session = sessions.removeValue(for: id) else { return }
        counters.closed[end, default: 0] += 1
        let mobile = session.terms.mobile
        if session.hasSiblings {
            sessionsByMobile[mobile]?.removeAll { $0 === session }
            noteSiblings(of: mobile)
        } else {
            sessionsByMobile[mobile] = nil
            sessionsByMobile.trim()
        }
        watchers.remove(id)
        if !timed.isEmpty { timed[id] = nil }
        if directory.leave(session.terms, loop: loop) { touch(mobile) }
    }

    func close(_ id: SessionID, _ reason: CloseReason) {
        guard sessions[id] != nil else { return }
        remove(id, SessionEnd(reason))
        actions.append(.close(id, reason))
    }

    /// Counts what arrived as activity and against the session's rate; nil if the session is gone.
    func arrived(_ id: SessionID, bytes: Int, _ now: HubTime) -> Session? {
        guard let session = sessions[id] else { return nil }
        session.lastActivity = now.nanoseconds
        slow(session, frames: 1, bytes: bytes, now)
        return session
    }

    /// Counts against the session's rate; if it is too fast, it is not read from for a while.
    func slow(_ session: Session, frames: Int, bytes: Int, _ now: HubTime) {
        guard
            let until = session.rate.take(
                bytes: bytes,
                frames: frames,
                of: configuration.rates,
                now: now.nanoseconds
            )
        else { return }
        session.slowedUntil = until
        setTimer(session)
        pause(session, .rate)
    }

    /// Answers a frame that is not acted on.
    func refuse(_ error: WireError, of session: Session) {
        counters.badFrames[error.code, default: 0] += 1
        send(.error(error), to: session)
    }

    func send(_ frame: ServerFrame, to session: Session) {
        send(scratch.encode(frame), to: session)
    }

    /// An answer to the session's own frames: never refused, but if it does not read them it is not read from.
    func send(_ frame: EncodedFrame, to session: Session) {
        session.queuedBytes += frame.count
        session.ownBytes += frame.count
        actions.append(.send(session.id, frame))
        if session.ownBytes > configuration.outboxBytes / 2 { pause(session, .ownAnswers) }
    }

    /// A message for this session, if its outbox has room.
    ///
    /// - Returns: whether it was handed over.
    func offer(_ frame: EncodedFrame, to session: Session, _ now: HubTime) -> Bool {
        guard session.queuedBytes + frame.count <= configuration.outboxBytes else {
            if session.fullSince == nil {
                session.fullSince = now.nanoseconds
                setTimer(session)
            }
            return false
        }
        session.queuedBytes += frame.count
        actions.append(.send(session.id, frame))
        return true
    }

    func sendPresence(_ frame: EncodedFrame, to session: Session) {
        session.hasPresenceQueued = true
        session.hasList = true
        actions.append(.sendPresence(session.id, frame))
    }

    func flushed(_ id: SessionID, bytes: Int, presence: Bool) {
        guard let session = sessions[id] else { return }
        session.queuedBytes = max(0, session.queuedBytes - bytes)
        session.ownBytes = min(session.ownBytes, session.queuedBytes)
        if presence { session.hasPresenceQueued = false }
        // Slow is not stuck: whoever reads at all is refused messages, not closed.
        if bytes > 0 { session.fullSince = nil }
        if session.ownBytes <= configuration.outboxBytes / 4 { resume(session, .ownAnswers) }
        if session.queuedBytes <= configuration.outboxBytes / 4 { tellMissed(session) }
    }

    /// What time makes due for one session: its rate bucket is full enough, or its outbox was full too long.
    func wake(_ id: SessionID, _ now: Int64) {
        guard let session = sessions[id] else { return }
        if let fullSince = session.fullSince, now >= fullSince + configuration.stallTimeout {
            return close(id, .tooSlow)
        }
        if let until = session.slowedUntil, now >= until {
            session.slowedUntil = nil
            listen(to: session, .rate, now)
        }
        setTimer(session)
    }

    /// Notes when this session must be looked at again, if at all.
    private func setTimer(_ session: Session) {
        let stall = session.fullSince.map { $0 + configuration.stallTimeout }
        timed[session.id] = [session.slowedUntil, stall].compactMap { $0 }.min()
    }

    func pause(_ session: Session, _ why: Session.Pause) {
        if session.pause.isEmpty { actions.append(.pauseReading(session.id)) }
        session.pause.insert(why)
    }

    /// Goes on reading what was not read for the server's sake: it could not be heard until now.
    func listen(to session: Session, _ why: Session.Pause, _ now: Int64) {
        guard session.pause.contains(why) else { return }
        session.lastActivity = now
        resume(session, why)
    }

    private func resume(_ session: Session, _ why: Session.Pause) {
        guard session.pause.contains(why) else { return }
        session.pause.remove(why)
        if session.pause.isEmpty { actions.append(.resumeReading(session.id)) }
    }
}

extension Hub {
    /// For how many seconds goodbyes are said yet, 1 or more; nil while the server takes sessions. When they are over, so is the
    /// process, and the next one can be asked.
    func secondsOfDrain(now: HubTime) -> Int? {
        draining.map { max(1, Int(($0.end - now.nanoseconds + 999_999_999) / 1_000_000_000)) }
    }
}

/// The goodbye to every session, spread evenly over a window so that they do not all come back at once.
struct Drain {
    private var sessions: [SessionID]
    private let total: Int
    private let since: Int64
    private let window: Int64
    var isReported = false

    init(sessions: [SessionID], since: Int64, window: Int64) {
        self.sessions = sessions
        total = sessions.count
        self.since = since
        self.window = max(0, window)
    }

    var isDone: Bool { sessions.isEmpty }

    /// When the last goodbye is said at the latest.
    var end: Int64 { since + window }

    /// When the next session is due.
    var nextDeadline: Int64? {
        if isDone { return isReported ? nil : since }
        let gone = total - sessions.count
        return since + window / Int64(max(total, 1)) * Int64(max(0, gone))
    }

    /// A session that was being let in when the drain began.
    mutating func add(_ session: SessionID) {
        sessions.append(session)
    }

    mutating func due(now: Int64) -> [SessionID] {
        var due: [SessionID] = []
        while let deadline = nextDeadline, deadline <= now, let session = sessions.popLast() { due.append(session) }
        return due
    }
}
