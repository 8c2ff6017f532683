internal import SCACore

/// Who is online, as far as this client wants to know: lists and deltas in, changes out. Pure.
///
/// With an interest in all: every list is reported, and what it changes; a `sca.v2` delta must continue the list or delta
/// before it (`rev` + 1), or else the whole list is asked for and until it comes deltas are of no use. What was known stays
/// known while the connection is lost, so that the first list afterwards tells what was missed.
///
/// With no interest but in those that are watched: only changes among these are reported. Their deltas have gaps in `rev`
/// by nature. The first word about a mobile answers the question and is no change.
///
///   hostile (the server)  a delta before any list, revs that go backwards: ignored, or mended by asking
///   harmless              the same list twice; a delta that the list before it had included already
struct PresenceTracker: Sendable {
    /// What the owner is to do.
    enum Action: Hashable, Sendable {
        /// Report a whole list.
        case list([Mobile])
        /// Report who came and went.
        case change(joined: [Mobile], left: [Mobile])
        /// Write `get_online_users`.
        case askForList
    }

    private let interest: PresenceInterest
    private var everyone: Set<Mobile>?
    private var rev: UInt64?
    private var isAsking = false
    /// For those watched, whether they are online; nil inside: not heard of yet.
    private var watched: [Mobile: Bool?] = [:]

    init(interest: PresenceInterest) {
        self.interest = interest
    }

    /// The watched mobiles.
    var watchedMobiles: [Mobile] { watched.keys.sorted() }

    /// Whether a mobile is online by the last word; false if there was none.
    func isOnline(_ mobile: Mobile) -> Bool {
        if let everyone { return everyone.contains(mobile) }
        return (watched[mobile] ?? nil) ?? false
    }

    /// Starts a connection: its revs have nothing to do with those before.
    mutating func connected() {
        rev = nil
        isAsking = false
    }

    mutating func watch(_ mobiles: [Mobile]) {
        for mobile in mobiles where watched[mobile] == nil { watched[mobile] = .some(nil) }
    }

    mutating func unwatch(_ mobiles: [Mobile]) {
        for mobile in mobiles { watched[mobile] = nil }
    }

    func isWatching(_ mobile: Mobile) -> Bool {
        watched[mobile] != nil
    }

    /// The server has said all it had to say about watched mobiles: those not mentioned are offline.
    mutating func settleUnknown() {
        for (mobile, isOnline) in watched where isOnline == nil { watched[mobile] = .some(false) }
    }

    /// Takes a whole list; `rev` is nil from a base server.
    mutating func list(_ users: [Mobile], rev: UInt64?) -> [Action] {
        let online = Set(users)
        guard interest == .all else {
            // A `sca.v2` server tells of those watched by itself, and sooner than in a list.
            return rev == nil ? change(among: watched.keys.map { ($0, online.contains($0)) }) : []
        }
        if let rev, let known = self.rev, rev < known { return [] }
        self.rev = rev
        isAsking = false
        let before = everyone
        everyone = online
        guard let before else { return [.list(users)] }
        let joined = users.filter { !before.contains($0) }
        let left = before.subtracting(online).sorted()
        return joined.isEmpty && left.isEmpty ? [.list(users)] : [.list(users), .change(joined: joined, left: left)]
    }

    /// Takes a delta.
    mutating func delta(rev: UInt64, joined: [Mobile], left: [Mobile]) -> [Action] {
        guard interest == .all else {
            let states = joined.map { ($0, true) } + left.map { ($0, false) }
            return change(among: states)
        }
        if let known = self.rev, rev <= known { return [] }
        guard var online = everyone, let known = self.rev, rev == known + 1 else {
            guard !isAsking else { return [] }
            isAsking = true
            return [.askForList]
        }
        self.rev = rev
        let came = joined.filter { online.insert($0).inserted }
        let went = left.filter { online.remove($0) != nil }
        everyone = online
        return came.isEmpty && went.isEmpty ? [] : [.change(joined: came, left: went)]
    }

    private mutating func change(among states: [(Mobile, Bool)]) -> [Action] {
        var joined: [Mobile] = []
        var left: [Mobile] = []
        for (mobile, isOnline) in states {
            guard let known = watched[mobile] else { continue }
            watched[mobile] = .some(isOnline)
            guard let known, known != isOnline else { continue }
            if isOnline { joined.append(mobile) } else { left.append(mobile) }
        }
        return joined.isEmpty && left.isEmpty ? [] : [.change(joined: joined.sorted(), left: left.sorted())]
    }
}
