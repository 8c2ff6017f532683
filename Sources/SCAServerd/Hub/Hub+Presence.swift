internal import SCACore

/// Who hears of whom: lists, deltas and watches.
extension Hub {
    /// Who has asked more often for a list that is being made is not read from until it is there.
    private static let deferredLists = 8

    /// A mobile may have come or gone: tells the owner of presence, which is here on loop 0.
    func touch(_ mobile: Mobile) {
        if loop == 0 { presence?.touch(mobile) } else { actions.append(.post(.touched(mobile), to: 0)) }
    }

    /// On loop 0: makes the update that is due and tells every loop.
    func updatePresence(_ now: HubTime) {
        guard let due = presence?.nextDeadline, due <= now.nanoseconds else { return }
        let directory = directory
        guard
            let update = presence?.update(
                now: now.nanoseconds,
                audience: directory.audience,
                isOnline: { directory.isOnline($0) }
            )
        else { return }
        post(.presence(update), to: Directory.Loops.max >> Directory.Loops(64 - loopCount), now)
    }

    /// Tells this loop's sessions: base ones the list; v2 ones the delta, or the list if one is still on its way.
    func publish(_ update: PresenceUpdate, _ now: HubTime) {
        presenceView = update
        let audience = directory.audience
        let delta = audience.v2 > 0 ? update.delta : nil
        let all = audience.base + audience.v2 > 0 ? sessions.values : []
        for session in all where session.terms.wantsAllPresence {
            guard session.speaksV2 else {
                guard update.hasDelta || !session.hasList else { continue }
                sendPresence(update.list, to: session)
                for _ in 0..<session.deferredLists { send(update.list, to: session) }
                session.deferredLists = 0
                listen(to: session, .firstList, now.nanoseconds)
                continue
            }
            guard let delta else { continue }
            sendPresence(session.hasPresenceQueued ? update.numberedList : delta, to: session)
        }
        for (id, changes) in watchers.interested(in: update.touched) {
            // Who does not read is told what is true by then, once it reads again.
            guard let session = sessions[id] else { continue }
            if session.queuedBytes > configuration.outboxBytes / 2 {
                watchers.miss(changes.map(\.mobile), by: id)
            } else {
                tell(changes, to: session)
            }
        }
    }

    /// Answers `get_online_users`.
    func sendList(to session: Session) {
        if session.speaksV2 {
            send(presenceView.numberedList, to: session)
        } else if session.hasList {
            send(presenceView.list, to: session)
        } else {
            // The list that has this newcomer in it is being made.
            session.deferredLists += 1
            if session.deferredLists > Self.deferredLists { pause(session, .firstList) }
        }
    }

    /// Answers `watch` with what is true now; later changes follow by themselves.
    func watch(_ mobiles: [Mobile], by session: Session) {
        let limit = configuration.limits.watchedMobiles
        guard watchers.count(session.id, adding: mobiles) <= limit else {
            return refuse(WireError(.tooLarge, "a session may watch \(limit) mobiles; unwatch some first"), of: session)
        }
        // Who hears of everyone anyway would hear of these twice.
        if !session.terms.wantsAllPresence { watchers.watch(mobiles, by: session.id) }
        tell(truth(about: mobiles), to: session)
    }

    /// Tells a watcher that has room again about those who changed meanwhile.
    func tellMissed(_ session: Session) {
        let missed = watchers.takeMissed(session.id)
        if !missed.isEmpty { tell(truth(about: missed), to: session) }
    }

    private func truth(about mobiles: [Mobile]) -> [PresenceUpdate.Change] {
        mobiles.map { PresenceUpdate.Change(mobile: $0, isOnline: directory.isOnline($0)) }
    }

    private func tell(_ changes: [PresenceUpdate.Change], to session: Session) {
        let joined = changes.filter(\.isOnline).map(\.mobile)
        let left = changes.filter { !$0.isOnline }.map(\.mobile)
        send(.presence(rev: presenceView.rev, joined: joined, left: left), to: session)
    }
}
