internal import SCACore

/// Who asked about whom, on one loop. A change of presence costs its watchers, not all sessions.
struct Watchers {
    private var sessionsByMobile: [Mobile: Set<SessionID>] = [:]
    private var mobilesBySession: [SessionID: Set<Mobile>] = [:]
    /// Of sessions that do not read: who of those they watch has changed meanwhile.
    private var missedBySession: [SessionID: Set<Mobile>] = [:]

    /// How many mobiles this session would watch with these added.
    func count(_ session: SessionID, adding mobiles: [Mobile]) -> Int {
        (mobilesBySession[session] ?? []).union(mobiles).count
    }

    mutating func watch(_ mobiles: [Mobile], by session: SessionID) {
        for mobile in mobiles {
            sessionsByMobile[mobile, default: []].insert(session)
            mobilesBySession[session, default: []].insert(mobile)
        }
    }

    mutating func unwatch(_ mobiles: [Mobile], by session: SessionID) {
        for mobile in mobiles {
            sessionsByMobile[mobile]?.remove(session)
            if sessionsByMobile[mobile]?.isEmpty == true { sessionsByMobile[mobile] = nil }
            mobilesBySession[session]?.remove(mobile)
        }
        if mobilesBySession[session]?.isEmpty == true { mobilesBySession[session] = nil }
    }

    /// Notes that this session was not told of these.
    mutating func miss(_ mobiles: [Mobile], by session: SessionID) {
        missedBySession[session, default: []].formUnion(mobiles)
    }

    /// Takes those that the session was not told of and still watches.
    mutating func takeMissed(_ session: SessionID) -> [Mobile] {
        guard !missedBySession.isEmpty, let missed = missedBySession.removeValue(forKey: session) else { return [] }
        return missed.intersection(mobilesBySession[session] ?? []).sorted()
    }

    /// Forgets a session.
    mutating func remove(_ session: SessionID) {
        guard !mobilesBySession.isEmpty || !missedBySession.isEmpty else { return }
        missedBySession[session] = nil
        unwatch(Array(mobilesBySession[session] ?? []), by: session)
    }

    /// For each session, the mobiles among these that it watches.
    func interested(in changes: [PresenceUpdate.Change]) -> [SessionID: [PresenceUpdate.Change]] {
        guard !sessionsByMobile.isEmpty else { return [:] }
        var told: [SessionID: [PresenceUpdate.Change]] = [:]
        for change in changes {
            for session in sessionsByMobile[change.mobile] ?? [] { told[session, default: []].append(change) }
        }
        return told
    }
}
