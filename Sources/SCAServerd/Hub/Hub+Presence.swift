internal import SCACore

/// Who hears of whom: lists, deltas and watches.
extension Hub {
    /// A mobile may have come or gone: tells the owner of presence, which is here on loop 0.
    mutating func touch(_ mobile: Mobile) {
        if presence != nil { presence?.touch(mobile) } else { actions.append(.post(.touched(mobile), to: 0)) }
    }

    /// On loop 0: makes the update that is due and tells every loop.
    mutating func updatePresence(_ now: HubTime) {
        let directory = directory
        guard
            let update = presence?.update(
                now: now.nanoseconds,
                sessions: directory.sessionCount,
                isOnline: { directory.isOnline($0) }
            )
        else { return }
        post(.presence(update), to: Directory.Loops.max >> Directory.Loops(64 - loopCount), now)
    }

    /// Tells this loop's sessions: base ones the list; v2 ones the delta, or the list if one is still on its way.
    mutating func publish(_ update: PresenceUpdate, _ now: HubTime) {
        presenceView = update
        for session in sessions.values where session.terms.wantsAllPresence {
            let id = session.id
            guard session.speaksV2 else {
                guard update.delta != nil || !session.hasList else { continue }
                sendPresence(update.list, to: id)
                for _ in 0..<session.deferredLists { send(update.list, to: id) }
                sessions[id]?.deferredLists = 0
                continue
            }
            guard let delta = update.delta else { continue }
            sendPresence(session.hasPresenceQueued ? update.numberedList : delta, to: id)
        }
        for (id, changes) in watchers.interested(in: update.touched) {
            // Who does not read is told what is true by then, once it reads again.
            if let queued = sessions[id]?.queuedBytes, queued > configuration.outboxBytes / 2 {
                watchers.miss(changes.map(\.mobile), by: id)
            } else {
                tell(changes, to: id)
            }
        }
    }

    /// Answers `get_online_users`.
    mutating func sendList(to id: SessionID) {
        guard let session = sessions[id] else { return }
        if session.speaksV2 {
            send(presenceView.numberedList, to: id)
        } else if session.hasList {
            send(presenceView.list, to: id)
        } else {
            // The list that has this newcomer in it is being made.
            sessions[id]?.deferredLists += 1
        }
    }

    /// Answers `watch` with what is true now; later changes follow by themselves.
    mutating func watch(_ mobiles: [Mobile], by session: Session) {
        let limit = configuration.limits.watchedMobiles
        guard watchers.count(session.id, adding: mobiles) <= limit else {
            send(
                .error(WireError(.tooLarge, "a session may watch \(limit) mobiles; unwatch some first")),
                to: session.id
            )
            return
        }
        // Who hears of everyone anyway would hear of these twice.
        if !session.terms.wantsAllPresence { watchers.watch(mobiles, by: session.id) }
        tell(truth(about: mobiles), to: session.id)
    }

    /// Tells a watcher that has room again about those who changed meanwhile.
    mutating func tellMissed(_ id: SessionID) {
        let missed = watchers.takeMissed(id)
        if !missed.isEmpty { tell(truth(about: missed), to: id) }
    }

    private func truth(about mobiles: [Mobile]) -> [PresenceUpdate.Change] {
        mobiles.map { PresenceUpdate.Change(mobile: $0, isOnline: directory.isOnline($0)) }
    }

    private mutating func tell(_ changes: [PresenceUpdate.Change], to id: SessionID) {
        let joined = changes.filter(\.isOnline).map(\.mobile)
        let left = changes.filter { !$0.isOnline }.map(\.mobile)
        send(.presence(rev: presenceView.rev, joined: joined, left: left), to: id)
    }
}
