internal import SCACore

/// Sessions: how they come, go, are slowed, and are given up.
extension Hub {
    mutating func connect(_ id: SessionID, _ terms: SessionTerms, _ now: HubTime) {
        let session = Session(
            id: id,
            terms: terms,
            lastActivity: now.nanoseconds,
            rate: RateLimiter(configuration.rates, now: now.nanoseconds)
        )
        sessions[id] = session
        sessionsByMobile[terms.mobile, default: []].append(id)
        heartbeats.add(id, lastActivity: session.countedActivity(now, timeout: configuration.pingTimeout))
        draining?.add(id)
        let cameOnline = directory.join(terms.mobile, loop: loop, isVisible: terms.isVisible)
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
                to: id
            )
        }
        // A newcomer that changes presence hears of it with everyone else; any other gets the list now.
        if cameOnline { touch(terms.mobile) }
        if terms.wantsAllPresence, terms.dialect == .v2 || !cameOnline {
            sendPresence(terms.dialect == .v2 ? presenceView.numberedList : presenceView.list, to: id)
        }
    }

    /// Forgets a session; its mobile may go offline by it.
    mutating func remove(_ id: SessionID) {
        guard let session = sessions.removeValue(for: id) else { return }
        let mobile = session.terms.mobile
        sessionsByMobile[mobile]?.removeAll { $0 == id }
        if sessionsByMobile[mobile]?.isEmpty == true { sessionsByMobile[mobile] = nil }
        watchers.remove(id)
        timed[id] = nil
        if directory.leave(mobile, loop: loop, isVisible: session.terms.isVisible) { touch(mobile) }
    }

    mutating func close(_ id: SessionID, _ reason: CloseReason) {
        guard sessions[id] != nil else { return }
        remove(id)
        actions.append(.close(id, reason))
    }

    /// Counts what arrived as activity and against the session's rate; false if the session is gone.
    mutating func arrived(_ id: SessionID, bytes: Int, _ now: HubTime) -> Bool {
        guard sessions[id] != nil else { return false }
        sessions[id]?.lastActivity = now.nanoseconds
        slow(id, frames: 1, bytes: bytes, now)
        return true
    }

    /// Counts against the session's rate; if it is too fast, it is not read from for a while.
    mutating func slow(_ id: SessionID, frames: Int, bytes: Int, _ now: HubTime) {
        guard let until = sessions[id]?.rate.take(bytes: bytes, frames: frames, now: now.nanoseconds) else { return }
        sessions[id]?.slowedUntil = until
        setTimer(id)
        pause(id, .rate)
    }

    mutating func send(_ frame: ServerFrame, to id: SessionID) {
        send(scratch.encode(frame), to: id)
    }

    /// An answer to the session's own frames: never refused, but if it does not read them it is not read from.
    mutating func send(_ frame: EncodedFrame, to id: SessionID) {
        guard sessions[id] != nil else { return }
        sessions[id]?.queuedBytes += frame.count
        sessions[id]?.ownBytes += frame.count
        actions.append(.send(id, frame))
        if let own = sessions[id]?.ownBytes, own > configuration.outboxBytes / 2 { pause(id, .ownAnswers) }
    }

    /// A message for this session, if its outbox has room.
    ///
    /// - Returns: whether it was handed over.
    mutating func offer(_ frame: EncodedFrame, to id: SessionID, _ now: HubTime) -> Bool {
        guard let session = sessions[id] else { return false }
        guard session.queuedBytes + frame.count <= configuration.outboxBytes else {
            if session.fullSince == nil {
                sessions[id]?.fullSince = now.nanoseconds
                setTimer(id)
            }
            return false
        }
        sessions[id]?.queuedBytes += frame.count
        actions.append(.send(id, frame))
        return true
    }

    mutating func sendPresence(_ frame: EncodedFrame, to id: SessionID) {
        sessions[id]?.hasPresenceQueued = true
        sessions[id]?.hasList = true
        actions.append(.sendPresence(id, frame))
    }

    mutating func flushed(_ id: SessionID, bytes: Int, presence: Bool) {
        guard var session = sessions[id] else { return }
        session.queuedBytes = max(0, session.queuedBytes - bytes)
        session.ownBytes = min(session.ownBytes, session.queuedBytes)
        if presence { session.hasPresenceQueued = false }
        // Slow is not stuck: whoever reads at all is refused messages, not closed.
        if bytes > 0 { session.fullSince = nil }
        sessions[id] = session
        if session.ownBytes <= configuration.outboxBytes / 4 { resume(id, .ownAnswers) }
        if session.queuedBytes <= configuration.outboxBytes / 4 { tellMissed(id) }
    }

    /// What time makes due for one session: its rate bucket is full enough, or its outbox was full too long.
    mutating func wake(_ id: SessionID, _ now: Int64) {
        guard let session = sessions[id] else { return }
        if let fullSince = session.fullSince, now >= fullSince + configuration.stallTimeout {
            return close(id, .tooSlow)
        }
        if let until = session.slowedUntil, now >= until {
            sessions[id]?.slowedUntil = nil
            resume(id, .rate)
        }
        setTimer(id)
    }

    /// Notes when this session must be looked at again, if at all.
    private mutating func setTimer(_ id: SessionID) {
        guard let session = sessions[id] else { return }
        let stall = session.fullSince.map { $0 + configuration.stallTimeout }
        timed[id] = [session.slowedUntil, stall].compactMap { $0 }.min()
    }

    private mutating func pause(_ id: SessionID, _ why: Session.Pause) {
        if sessions[id]?.pause.isEmpty == true { actions.append(.pauseReading(id)) }
        sessions[id]?.pause.insert(why)
    }

    private mutating func resume(_ id: SessionID, _ why: Session.Pause) {
        guard let session = sessions[id], session.pause.contains(why) else { return }
        sessions[id]?.pause.remove(why)
        if session.pause == why { actions.append(.resumeReading(id)) }
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
