internal import SCACore
internal import Synchronization

/// Which loops hold a mobile's sessions; shared by all hubs, the one thing that is.
///
/// Striped by the mobile's hash, each stripe under a short lock that is never held while anything else is
/// done. A hub asks it like a value; a test builds one and needs no threads. A second node would look like
/// one more loop. Rejected: one map under one lock (every message of every loop meets there), and a copy of
/// the map in each loop (a join would cost loops × memory, and copies disagree for a while).
final class Directory: Sendable {
    /// Loops as a set of bits.
    typealias Loops = UInt64

    /// The most loops that fit.
    static let maximumLoops = 64

    private struct Holders {
        /// By loop: how many sessions of this mobile it has, and how many of them are visible.
        var counts: [(loop: LoopID, sessions: Int, visible: Int)] = []

        var loops: Loops { counts.reduce(0) { $0 | 1 << Loops($1.loop) } }
        var visibleLoops: Loops { counts.reduce(0) { $0 | ($1.visible > 0 ? 1 << Loops($1.loop) : 0) } }
        var sessions: Int { counts.reduce(0) { $0 + $1.sessions } }
    }

    private final class Stripe: Sendable {
        let mobiles = Mutex<[Mobile: Holders]>([:])
    }

    private let stripes = (0..<64).map { _ in Stripe() }
    private let total = Atomic<Int>(0)
    /// Sessions that are told of every change of presence, by dialect.
    private let base = Atomic<Int>(0)
    private let v2 = Atomic<Int>(0)

    /// How many sessions there are, of all mobiles, invisible ones included.
    var sessionCount: Int { total.load(ordering: .relaxed) }

    /// How many sessions are told of every change of presence.
    var audience: Presence.Audience {
        Presence.Audience(base: base.load(ordering: .relaxed), v2: v2.load(ordering: .relaxed))
    }

    private func count(_ terms: SessionTerms, _ change: Int) {
        total.add(change, ordering: .relaxed)
        guard terms.wantsAllPresence else { return }
        switch terms.dialect {
        case .base: base.add(change, ordering: .relaxed)
        case .v2: v2.add(change, ordering: .relaxed)
        }
    }

    private func stripe(_ mobile: Mobile) -> Stripe {
        stripes[Int(truncatingIfNeeded: mobile.hashValue) & 63]
    }

    /// Adds a session; returns whether its mobile has come online by it.
    func join(_ terms: SessionTerms, loop: LoopID) -> Bool {
        count(terms, 1)
        let (mobile, isVisible) = (terms.mobile, terms.isVisible)
        return stripe(mobile).mobiles.withLock { mobiles in
            var presence = mobiles[mobile] ?? Holders()
            let wasOnline = presence.visibleLoops != 0
            let index =
                presence.counts.firstIndex { $0.loop == loop }
                ?? {
                    presence.counts.append((loop, 0, 0))
                    return presence.counts.count - 1
                }()
            presence.counts[index].sessions += 1
            if isVisible { presence.counts[index].visible += 1 }
            mobiles[mobile] = presence
            return isVisible && !wasOnline
        }
    }

    /// Removes a session that has joined; returns whether its mobile has gone offline by it.
    func leave(_ terms: SessionTerms, loop: LoopID) -> Bool {
        count(terms, -1)
        let (mobile, isVisible) = (terms.mobile, terms.isVisible)
        return stripe(mobile).mobiles.withLock { mobiles in
            guard var presence = mobiles[mobile],
                let index = presence.counts.firstIndex(where: { $0.loop == loop })
            else { return false }
            presence.counts[index].sessions -= 1
            if isVisible { presence.counts[index].visible -= 1 }
            if presence.counts[index].sessions == 0 { presence.counts.remove(at: index) }
            mobiles[mobile] = presence.counts.isEmpty ? nil : presence
            return isVisible && presence.visibleLoops == 0
        }
    }

    /// The loops that hold sessions of this mobile: its visible ones, or all.
    func loops(of mobile: Mobile, visible: Bool) -> Loops {
        stripe(mobile).mobiles.withLock { mobiles in
            guard let presence = mobiles[mobile] else { return 0 }
            return visible ? presence.visibleLoops : presence.loops
        }
    }

    /// Whether the mobile has a visible session.
    func isOnline(_ mobile: Mobile) -> Bool {
        loops(of: mobile, visible: true) != 0
    }

    /// How many sessions this mobile has, invisible ones included.
    func sessionCount(of mobile: Mobile) -> Int {
        stripe(mobile).mobiles.withLock { $0[mobile]?.sessions ?? 0 }
    }
}
