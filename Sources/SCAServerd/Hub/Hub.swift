internal import SCACore

/// One event loop's share of the chat: its sessions, and every rule about them.
///
/// A pure machine, and a class only so that nobody copies it: inputs and the time come in, actions go out; no IO, no clock, no randomness, no task, no
/// lock held, nothing logged. Whoever owns it (`HubLoop`, or a test with a clock of its own) calls `handle`
/// for each thing that happens and then `advance`, which does what time makes due, at the latest at
/// `nextDeadline`. `Router.swift` decides who receives a message, `Hub+Presence.swift` who hears of whom.
///
/// Loops share nothing but the `Directory` and post letters to each other; loop 0's hub also owns presence.
///
/// Events that do not fit: an input for a session that is gone is a harmless race (the transport had it in
/// hand when the hub closed it) and is ignored; a frame against the rules is the peer's fault and answered
/// with an error; a second `connected` of one session would be our bug.
final class Hub {
    let loop: LoopID
    let configuration: HubConfiguration
    let directory: Directory
    /// All loops' hubs, this one included.
    let loopCount: Int

    var sessions = SessionTable<Session>()
    var sessionsByMobile: [Mobile: [Session]] = [:]
    var heartbeats: Heartbeats
    var watchers = Watchers()
    /// The owner's state; nil in every hub but loop 0's.
    var presence: Presence?
    /// The newest presence that this loop was told.
    var presenceView = PresenceUpdate.empty
    /// Messages that other loops have not reported on yet.
    var unanswered: [UInt64: Unanswered] = [:]
    var nextTicket: UInt64 = 0
    var nextServerMessage: UInt64 = 0
    /// How the names of messages begin that came without one.
    let serverPrefix: String
    var scratch = FrameScratch()
    /// Sessions that must be looked at when time passes: paused by rate, or with a full outbox. Few.
    var timed: [SessionID: Int64] = [:]
    var draining: Drain?
    /// What it has done so far.
    var counters = HubCounters()
    /// What this call has asked for so far.
    var actions: [Action] = []

    init(loop: LoopID, of loopCount: Int, configuration: HubConfiguration, directory: Directory, now: HubTime) {
        self.loop = loop
        self.loopCount = loopCount
        self.configuration = configuration
        self.directory = directory
        serverPrefix = "s-\(configuration.epoch)-\(loop)-"
        heartbeats = Heartbeats(
            timeout: configuration.pingTimeout,
            interval: configuration.cleanupInterval,
            now: now.nanoseconds
        )
        presence = loop == 0 ? Presence(bytesPerSecond: configuration.presenceBytesPerSecond) : nil
    }

    /// Takes what happened.
    ///
    /// - Returns: what to do, in order.
    func handle(_ input: Input, now: HubTime) -> [Action] {
        take(input, now: now)
        return takeActions()
    }

    /// Takes what happened; `takeActions` says what to do.
    func take(_ input: Input, now: HubTime) {
        switch input {
        case .connected(let id, let terms): connect(id, terms, now)
        case .frame(let id, let frame, let bytes):
            guard let session = arrived(id, bytes: bytes, now) else { break }
            handle(frame, from: session, now)
        case .badFrame(let id, let error, let bytes):
            guard let session = arrived(id, bytes: bytes, now) else { break }
            refuse(error, of: session)
        case .ping(let id, let payload):
            guard let session = arrived(id, bytes: payload.count, now) else { break }
            send(EncodedFrame(.pong, payload: payload), to: session)
        case .pong(let id): _ = arrived(id, bytes: 0, now)
        case .read(let id, let bytes, let fragments):
            guard let session = sessions[id] else { break }
            slow(session, frames: fragments, bytes: bytes, now)
        case .disconnected(let id): remove(id, .left)
        case .flushed(let id, let bytes, let presence): flushed(id, bytes: bytes, presence: presence)
        case .letter(let letter): receive(letter, now)
        case .drain(let window):
            guard draining == nil else { break }
            draining = Drain(sessions: sessions.values.map(\.id), since: now.nanoseconds, window: window)
        }
    }

    /// When `advance` must be called at the latest, in nanoseconds; nil if nothing is waiting for time.
    var nextDeadline: Int64? {
        var earliest = heartbeats.nextDeadline ?? .max
        earliest = min(earliest, presence?.nextDeadline ?? .max)
        earliest = min(earliest, draining?.nextDeadline ?? .max)
        if !timed.isEmpty, let timed = timed.values.min() { earliest = min(earliest, timed) }
        return earliest == .max ? nil : earliest
    }

    /// Does what is due.
    ///
    /// - Returns: what to do, in order.
    func advance(now: HubTime) -> [Action] {
        pass(now: now)
        return takeActions()
    }

    /// Does what is due: presence, timeouts, sessions to be read again or given up, the drain; `takeActions` says what to do.
    func pass(now: HubTime) {
        let timeout = configuration.pingTimeout
        let expired = heartbeats.sweep(now: now.nanoseconds) {
            sessions[$0]?.countedActivity(now, timeout: timeout)
        }
        for id in expired { close(id, sessions[id]?.hasExpired(now) == true ? .tokenExpired : .heartbeatTimeout) }
        if !timed.isEmpty {
            for (id, deadline) in timed where deadline <= now.nanoseconds { wake(id, now.nanoseconds) }
        }
        if var drain = draining {
            for id in drain.due(now: now.nanoseconds) { close(id, .draining) }
            draining = drain
            if drain.isDone, !drain.isReported {
                draining?.isReported = true
                actions.append(.drained)
            }
        }
        updatePresence(now)
    }

    /// Whether a new session of this mobile would be let in.
    ///
    /// - Returns: why not; nil if it would.
    func refusal(of mobile: Mobile, now: HubTime) -> Refusal? {
        if let rest = secondsOfDrain(now: now) {
            return Refusal(.draining, retryAfter: rest, "the server is draining; connect again in a moment")
        }
        if configuration.sessions > 0, directory.sessionCount >= configuration.sessions {
            return Refusal(.sessions, "the server has \(configuration.sessions) sessions, its limit; try later")
        }
        if directory.sessionCount(of: mobile) >= configuration.sessionsPerMobile {
            return Refusal(
                .mobileSessions,
                "this mobile has \(configuration.sessionsPerMobile) sessions, the limit; close one and try again"
            )
        }
        return nil
    }

    /// Takes what is to be done, in order, and leaves its own storage in exchange.
    func takeActions(_ storage: inout [Action]) {
        swap(&storage, &actions)
    }

    /// Whether anything is to be done.
    var hasActions: Bool { !actions.isEmpty }

    private func takeActions() -> [Action] {
        var taken: [Action] = []
        takeActions(&taken)
        return taken
    }
}
