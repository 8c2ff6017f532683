internal import SCACore

/// What the owner of presence tells every loop at once; each frame is encoded once, if anyone is to get it, and shared by all sessions.
struct PresenceUpdate: Sendable {
    struct Change: Hashable, Sendable {
        let mobile: Mobile
        let isOnline: Bool
    }

    /// Counts the updates; a list or delta with a number not above the last seen says nothing new.
    let rev: UInt64
    private let lists: (base: SharedFrame, numbered: SharedFrame)
    private let change: SharedFrame?
    /// Every mobile that may have changed, with what is true now, for those who watch it. A mobile that
    /// came and went within one window is here and not in the delta.
    let touched: [Change]

    /// Nobody is online yet.
    static let empty = PresenceUpdate(rev: 0, online: [], touched: [])

    /// - Parameter change: who came and who left, if anybody did.
    init(rev: UInt64, online: [Mobile], change: (joined: [Mobile], left: [Mobile])? = nil, touched: [Change]) {
        self.rev = rev
        lists = (SharedFrame(.onlineUsers(online, rev: nil)), SharedFrame(.onlineUsers(online, rev: rev)))
        self.change = change.map { SharedFrame(.presence(rev: rev, joined: $0.joined, left: $0.left)) }
        self.touched = touched
    }

    /// The same state, with nothing to tell but those who watch these.
    init(repeating update: PresenceUpdate, touched: [Change]) {
        (rev, lists, change, self.touched) = (update.rev, update.lists, nil, touched)
    }

    /// The whole list in the base dialect.
    var list: EncodedFrame { lists.base.frame }
    /// The whole list with its `rev`.
    var numberedList: EncodedFrame { lists.numbered.frame }
    /// What changed since the update before; nil if nothing did.
    var delta: EncodedFrame? { change?.frame }
    var hasDelta: Bool { change != nil }
}

/// The list of who is online: owned by loop 0's hub, derived from the directory, never set.
///
/// Loops say which mobiles may have changed; what is true is asked of the directory when the update is
/// made. So the order in which the loops' notices arrive does not matter, and the list is exact once
/// they have. Changes are folded: after an update that sent B bytes to all sessions together, the next goes
/// out no sooner than B ÷ (bytes a second allowed for presence) later. With few users that is less than a
/// millisecond and every change is told at once; with many, presence costs a set share of the output and is
/// exact one window later. Base sessions are counted with the whole list, `sca.v2` ones with what changed; but neither small frames nor
/// making the list are for nothing, so no more than `framesPerSecond` are sent and `mobilesPerSecond` walked over.
struct Presence {
    /// Who is told of every change.
    struct Audience {
        /// Sessions that are sent the whole list.
        var base = 0
        /// Sessions that are sent what changed.
        var v2 = 0
    }

    /// A window shorter than this, in nanoseconds, is no window.
    private static let negligible: Int64 = 1_000_000
    /// No window is longer than this, in seconds, however little presence may send.
    private static let longest = 3_600.0

    /// Frames of presence that are sent in all: about a tenth of what one core could send.
    private static let framesPerSecond = 32_768.0
    /// Mobiles in all lists that are made: a few hundredths of a core.
    private static let mobilesPerSecond = 4_000_000.0

    private let bytesPerSecond: Int
    private var online: [Mobile] = []
    private var touched: Set<Mobile> = []
    private var earliest = Int64.min
    private(set) var latest = PresenceUpdate.empty
    private(set) var counts = Counts()
    /// Changes that no update has told yet.
    private var waiting = 0

    /// What was told so far.
    struct Counts: Sendable {
        /// Notices that a mobile may have come or gone.
        var changes = 0
        var updates = 0
        /// Notices that had no update for themselves alone.
        var folded = 0
    }

    /// - Parameter bytesPerSecond: what presence may send in all; 0 for no limit.
    init(bytesPerSecond: Int) {
        self.bytesPerSecond = bytesPerSecond
    }

    /// When the next update is due; nil if nothing has changed.
    var nextDeadline: Int64? {
        touched.isEmpty ? nil : earliest
    }

    /// Notes that this mobile may have come or gone.
    mutating func touch(_ mobile: Mobile) {
        counts.changes += 1
        waiting += 1
        touched.insert(mobile)
    }

    /// Makes the update that is due, if one is.
    ///
    /// - Parameters:
    ///   - audience: how many sessions will get it.
    ///   - isOnline: what is true now.
    mutating func update(now: Int64, audience: Audience, isOnline: (Mobile) -> Bool) -> PresenceUpdate? {
        guard !touched.isEmpty, now >= earliest else { return nil }
        counts.updates += 1
        counts.folded += waiting - 1
        waiting = 0
        let changes = touched.sorted().map { PresenceUpdate.Change(mobile: $0, isOnline: isOnline($0)) }
        touched = []
        let (joined, left) = apply(changes)
        if joined.isEmpty && left.isEmpty {
            // Came and went, or the other way round: only watchers and newcomers have something to hear.
            latest = PresenceUpdate(repeating: latest, touched: changes)
            return latest
        }
        latest = PresenceUpdate(rev: latest.rev + 1, online: online, change: (joined, left), touched: changes)
        earliest = now + window(joined.count + left.count, audience)
        return latest
    }

    /// How long after an update the next must wait, in nanoseconds.
    ///
    /// - Parameter changes: how many came and left.
    private func window(_ changes: Int, _ audience: Audience) -> Int64 {
        guard bytesPerSecond > 0 else { return 0 }
        // Ten digits, two quotes and a comma; longer mobiles are rare.
        let bytes = 13.0 * (Double(audience.base) * Double(online.count) + Double(audience.v2) * Double(changes))
        let seconds = max(
            bytes / Double(bytesPerSecond),
            Double(audience.base + audience.v2) / Self.framesPerSecond,
            Double(online.count) / Self.mobilesPerSecond
        )
        let window = Int64(min(seconds, Self.longest) * 1e9)
        return window < Self.negligible ? 0 : window
    }

    /// Merges sorted changes into the sorted list; returns who really came and went.
    private mutating func apply(_ changes: [PresenceUpdate.Change]) -> (joined: [Mobile], left: [Mobile]) {
        var merged: [Mobile] = []
        merged.reserveCapacity(online.count + changes.count)
        var joined: [Mobile] = []
        var left: [Mobile] = []
        var index = 0
        for change in changes {
            while index < online.count, online[index] < change.mobile {
                merged.append(online[index])
                index += 1
            }
            let wasOnline = index < online.count && online[index] == change.mobile
            if wasOnline { index += 1 }
            if change.isOnline { merged.append(change.mobile) }
            if change.isOnline, !wasOnline { joined.append(change.mobile) }
            if !change.isOnline, wasOnline { left.append(change.mobile) }
        }
        merged += online[index...]
        online = merged
        return (joined, left)
    }
}
