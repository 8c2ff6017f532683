internal import SCACore

/// So many messages to one mobile in any minute and no more, so that two bots that answer each other come to an end.
///
/// Pure: the time is an argument. For each mobile the times of what it was sent within the last minute, so the limit holds
/// for every minute and not only for those of the clock; a bucket that refills was rejected because it lets twice as many
/// through in its first minute. Who was sent nothing for a minute is forgotten.
struct ReplyLimiter {
    enum Verdict: Hashable, Sendable {
        case allowed
        /// `isNews`: for the first time within a minute.
        case refused(isNews: Bool)
    }

    static let minute = Duration.seconds(60)
    /// 0 lets everything through.
    static let unlimited = ReplyLimiter(limit: 0)
    static let usual = 30

    /// The most messages to one mobile within a minute.
    let limit: Int
    private var peers: [Mobile: Peer] = [:]
    private var lastForgetting = Duration.zero

    fileprivate struct Peer {
        /// When the last messages went out, at most `limit`, in a ring.
        var times: [Duration] = []
        /// Where the oldest of a full ring is.
        var oldest = 0
        var reported: Duration?
        var last: Duration
    }

    init(limit: Int) {
        self.limit = limit
    }

    /// How many mobiles are remembered.
    var remembered: Int { peers.count }

    /// Asks whether one more message may go to this mobile, and counts it if so.
    ///
    /// - Parameter now: a time that never goes back.
    mutating func take(for mobile: Mobile, now: Duration) -> Verdict {
        guard limit > 0 else { return .allowed }
        forget(now)
        return peers[mobile, default: Peer(last: now)].take(limit, now)
    }

    /// Once a minute, so that it costs nothing for each message.
    private mutating func forget(_ now: Duration) {
        guard now - lastForgetting >= Self.minute else { return }
        lastForgetting = now
        peers = peers.filter { now - $0.value.last < Self.minute }
    }
}

extension ReplyLimiter.Peer {
    fileprivate mutating func take(_ limit: Int, _ now: Duration) -> ReplyLimiter.Verdict {
        last = now
        if times.count < limit {
            times.append(now)
            return .allowed
        }
        if now - times[oldest] >= ReplyLimiter.minute {
            times[oldest] = now
            oldest = (oldest + 1) % limit
            return .allowed
        }
        let isNews = reported.map { now - $0 >= ReplyLimiter.minute } ?? true
        if isNews { reported = now }
        return .refused(isNews: isNews)
    }
}
