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

    /// The loops that hold sessions of one mobile.
    private struct Holders {
        /// How many sessions a loop has, and how many of them are visible.
        struct Share {
            let loop: Int32
            var sessions: Int32 = 0
            var visible: Int32 = 0

            mutating func add(_ change: Int32, isVisible: Bool) {
                sessions += change
                if isVisible { visible += change }
            }
        }

        /// Most mobiles have sessions on no other loop, and so no array.
        private var first: Share
        private var others: [Share] = []

        init(_ loop: LoopID) {
            first = Share(loop: Int32(loop))
        }

        var loops: Loops { others.reduce(1 << Loops(first.loop)) { $0 | 1 << Loops($1.loop) } }
        var visibleLoops: Loops {
            others.reduce(Self.visible(first)) { $0 | Self.visible($1) }
        }
        var sessions: Int { others.reduce(Int(first.sessions)) { $0 + Int($1.sessions) } }

        mutating func join(_ loop: LoopID, isVisible: Bool) {
            if first.loop == loop { return first.add(1, isVisible: isVisible) }
            if !others.contains(where: { $0.loop == loop }) { others.append(Share(loop: Int32(loop))) }
            for index in others.indices where others[index].loop == loop { others[index].add(1, isVisible: isVisible) }
        }

        /// Takes back a session that has joined; false if it was the last of all.
        mutating func leave(_ loop: LoopID, isVisible: Bool) -> Bool {
            if first.loop == loop {
                first.add(-1, isVisible: isVisible)
                guard first.sessions == 0 else { return true }
                guard let other = others.popLast() else { return false }
                first = other
            } else {
                for index in others.indices where others[index].loop == loop {
                    others[index].add(-1, isVisible: isVisible)
                }
                others.removeAll { $0.sessions == 0 }
            }
            return true
        }

        private static func visible(_ share: Share) -> Loops { share.visible > 0 ? 1 << Loops(share.loop) : 0 }
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

    /// How many mobiles have sessions. It asks each stripe, so it is not for the hot path.
    var mobileCount: Int { stripes.reduce(0) { $0 + $1.mobiles.withLock { $0.count } } }

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
        return stripe(terms.mobile).mobiles.withLock { mobiles in
            let wasOnline = mobiles[terms.mobile].map { $0.visibleLoops != 0 } ?? false
            mobiles[terms.mobile, default: Holders(loop)].join(loop, isVisible: terms.isVisible)
            return terms.isVisible && !wasOnline
        }
    }

    /// Removes a session that has joined; returns whether its mobile has gone offline by it.
    func leave(_ terms: SessionTerms, loop: LoopID) -> Bool {
        count(terms, -1)
        return stripe(terms.mobile).mobiles.withLock { mobiles in
            guard var holders = mobiles[terms.mobile] else { return false }
            let isLeft = holders.leave(loop, isVisible: terms.isVisible)
            mobiles[terms.mobile] = isLeft ? holders : nil
            mobiles.trim()
            return terms.isVisible && (!isLeft || holders.visibleLoops == 0)
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

extension Dictionary {
    /// Gives back what a crowd has left behind, once seven eighths are unused. Amortized O(1) for each removal.
    mutating func trim() {
        guard capacity > 256, count < capacity / 8 else { return }
        self = Dictionary(uniqueKeysWithValues: Array(self))
    }
}
