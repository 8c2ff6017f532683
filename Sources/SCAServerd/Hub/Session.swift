internal import SCACore

/// The name of a session: the loop that owns it, and a number that the loop never gives twice.
struct SessionID: Hashable, Sendable {
    let loop: LoopID
    /// Its place in the low half, the how manieth it is in the high half.
    let number: UInt64

    /// Where a `SessionTable` keeps it.
    var place: Int { Int(UInt32(truncatingIfNeeded: number)) }
}

/// Names one loop's sessions: places are used again, numbers not before four billion sessions.
struct SessionNames {
    private let loop: LoopID
    private var named: UInt32 = 0
    private var places = 0
    private var free: [Int] = []

    init(loop: LoopID) {
        self.loop = loop
    }

    /// A new name.
    mutating func take() -> SessionID {
        let place = free.popLast() ?? places
        places = max(places, place + 1)
        named &+= 1
        return SessionID(loop: loop, number: UInt64(named) << 32 | UInt64(place))
    }

    /// The session is gone: another may have its place.
    mutating func giveBack(_ id: SessionID) {
        free.append(id.place)
        if free.count == places { (free, places) = ([], 0) }
    }
}

/// The index of an event loop, 0 to 63; loop 0 also owns presence.
typealias LoopID = Int

/// What a client asked for at its upgrade.
struct SessionTerms: Hashable, Sendable {
    var mobile: Mobile
    var dialect: Dialect = .base
    /// Online, and a recipient of messages.
    var isVisible = true
    /// Wants every presence change; otherwise only those of mobiles it watches.
    var wantsAllPresence = true
    /// Says `stored` for each message it gets.
    var sendsReceipts = false
    /// Offered the base dialect by its name, and so is answered with it.
    var namesBase = false
    /// When its token ends, in milliseconds since 1970 UTC; the largest number for never.
    var expiresAt = Int64.max

    /// The subprotocol that the answer to the upgrade selects; nil for none.
    var subprotocol: String? {
        dialect == .v2 ? Dialect.subprotocol : namesBase ? Dialect.baseSubprotocol : nil
    }
}

/// One connection's state in the server. Owned by the hub of its loop, which finds it by its id or its mobile.
final class Session {
    let id: SessionID
    let terms: SessionTerms

    /// When anything last came from the client, in the hub's nanoseconds.
    var lastActivity: Int64
    /// Bytes of frames handed to the transport and not yet taken by the kernel; presence not counted.
    var queuedBytes = 0
    /// At most so many of them answer the session's own frames.
    var ownBytes = 0
    /// What its letters to other loops hold that these have not read yet, in bytes.
    var postedBytes = 0
    /// Presence is with the transport; what is newer will replace what waits of it.
    var hasPresenceQueued = false
    /// The first list of who is online was handed out.
    var hasList = false
    /// Lists that a base session asked for before its first one was ready.
    var deferredLists = 0
    /// Since when the outbox has refused messages, in the hub's nanoseconds.
    var fullSince: Int64?
    var rate: RateLimiter
    /// Whether its mobile has other sessions on this loop.
    var hasSiblings = false
    /// Until when it is not read from because it was too fast, in the hub's nanoseconds.
    var slowedUntil: Int64?
    var pause = Pause()

    /// Why the transport is not reading from this session.
    struct Pause: OptionSet {
        let rawValue: UInt8
        /// Its rate bucket is empty.
        static let rate = Pause(rawValue: 1)
        /// It does not read the answers to its own frames.
        static let ownAnswers = Pause(rawValue: 2)
        /// Other loops have yet to read what it has sent them.
        static let letters = Pause(rawValue: 4)
        /// It has asked often for a list that is being made.
        static let firstList = Pause(rawValue: 8)
        /// What the server has to wait for, and not the client: meanwhile its silence is none.
        static let ours: Pause = [.rate, .letters, .firstList]
    }

    init(id: SessionID, terms: SessionTerms, lastActivity: Int64, rate: RateLimiter) {
        (self.id, self.terms, self.lastActivity, self.rate) = (id, terms, lastActivity, rate)
    }

    var speaksV2: Bool { terms.dialect == .v2 }

    /// Whether it is told what other sessions of its mobile have sent.
    var getsCopies: Bool { terms.isVisible && speaksV2 }

    /// Whether the token that let it in has ended.
    func hasExpired(_ now: HubTime) -> Bool { now.unixMilliseconds >= terms.expiresAt }

    /// What the heartbeats count as its last activity: now while the server does not listen, and earlier than it was if its token
    /// ends before a silence would, so that it is looked at by then.
    func countedActivity(_ now: HubTime, timeout: Int64) -> Int64 {
        let lastActivity = pause.isDisjoint(with: .ours) ? lastActivity : now.nanoseconds
        guard terms.expiresAt != .max else { return lastActivity }
        let rest = terms.expiresAt.subtractingReportingOverflow(now.unixMilliseconds)
        guard !rest.overflow, rest.partialValue < timeout / 1_000_000 else { return lastActivity }
        return min(lastActivity, now.nanoseconds + rest.partialValue * 1_000_000 - timeout)
    }
}
