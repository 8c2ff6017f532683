internal import SCACore

/// What the owner of presence tells every loop at once; encoded once, shared by all sessions.
struct PresenceUpdate: Sendable {
    struct Change: Hashable, Sendable {
        let mobile: Mobile
        let isOnline: Bool
    }

    /// Counts the updates; a list or delta with a number not above the last seen says nothing new.
    let rev: UInt64
    /// The whole list in the base dialect.
    let list: EncodedFrame
    /// The whole list with its `rev`.
    let numberedList: EncodedFrame
    /// What changed since the update before; nil if nothing did.
    let delta: EncodedFrame?
    /// Every mobile that may have changed, with what is true now, for those who watch it. A mobile that
    /// came and went within one window is here and not in the delta.
    let touched: [Change]

    /// Nobody is online yet.
    static let empty = PresenceUpdate(
        rev: 0,
        list: EncodedFrame(.onlineUsers([], rev: nil)),
        numberedList: EncodedFrame(.onlineUsers([], rev: 0)),
        delta: nil,
        touched: []
    )
}

/// The list of who is online: owned by loop 0's hub, derived from the directory, never set.
///
/// Loops say which mobiles may have changed; what is true is asked of the directory when the update is
/// made. So the order in which the loops' notices arrive does not matter, and the list is exact once
/// they have. Changes are folded: after an update that sent B bytes to all sessions together, the next goes
/// out no sooner than B ÷ (bytes a second allowed for presence) later. With few users that is less than a
/// millisecond and every change is told at once; with many, lists cost a set share of the output and are
/// exact one window later.
struct Presence {
    /// A window shorter than this, in nanoseconds, is no window.
    private static let negligible: Int64 = 1_000_000
    /// No window is longer than this, in seconds, however little presence may send.
    private static let longest = 3_600.0

    private let bytesPerSecond: Int
    private var online: [Mobile] = []
    private var touched: Set<Mobile> = []
    private var earliest = Int64.min
    private(set) var latest = PresenceUpdate.empty

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
        touched.insert(mobile)
    }

    /// Makes the update that is due, if one is.
    ///
    /// - Parameters:
    ///   - sessions: how many sessions will get it.
    ///   - isOnline: what is true now.
    mutating func update(now: Int64, sessions: Int, isOnline: (Mobile) -> Bool) -> PresenceUpdate? {
        guard !touched.isEmpty, now >= earliest else { return nil }
        let changes = touched.sorted().map { PresenceUpdate.Change(mobile: $0, isOnline: isOnline($0)) }
        touched = []
        let (joined, left) = apply(changes)
        if joined.isEmpty && left.isEmpty {
            // Came and went, or the other way round: only watchers and newcomers have something to hear.
            latest = PresenceUpdate(
                rev: latest.rev,
                list: latest.list,
                numberedList: latest.numberedList,
                delta: nil,
                touched: changes
            )
            return latest
        }
        let rev = latest.rev + 1
        latest = PresenceUpdate(
            rev: rev,
            list: EncodedFrame(.onlineUsers(online, rev: nil)),
            numberedList: EncodedFrame(.onlineUsers(online, rev: rev)),
            delta: EncodedFrame(.presence(rev: rev, joined: joined, left: left)),
            touched: changes
        )
        if bytesPerSecond > 0 {
            let seconds = Double(latest.list.count) * Double(sessions) / Double(bytesPerSecond)
            let window = Int64(min(seconds, Self.longest) * 1e9)
            earliest = window < Self.negligible ? now : now + window
        }
        return latest
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
