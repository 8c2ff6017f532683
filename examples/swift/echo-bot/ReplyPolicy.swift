internal import SCAClient
internal import SCACore

/// Whom to answer, and with what: pure, and the time is an argument, so that a test needs neither a server nor patience.
///
/// Not answered are:
///
/// - oneself, and copies of what another device of this mobile sent;
/// - what was there before the start: a sender that was not told `stored`, because the bot or the connection died at that
///   moment, sends the same message again, with the same id;
/// - more than `limit` messages of one sender a minute: the other one may be a bot as well, and neither would ever stop.
struct ReplyPolicy {
    enum Verdict: Equatable {
        case answer(String)
        case ignore
        /// The first that is too many.
        case stop
    }

    /// Answers to one sender a minute.
    static let limit = 30

    private struct Name: Hashable {
        let from: Mobile
        let id: MessageID
    }

    private let me: Mobile
    private let known: Set<Name>
    /// Messages by sender in the minute that ends then. Forgotten together, so they cannot pile up.
    private var counts: [Mobile: Int] = [:]
    private var end: ContinuousClock.Instant?

    init(me: Mobile, known: [HistoryRow] = []) {
        self.me = me
        self.known = Set(known.map { Name(from: $0.from, id: $0.id) })
    }

    mutating func judge(_ message: ChatMessage, now: ContinuousClock.Instant) -> Verdict {
        guard message.direction == .in, message.from != me else { return .ignore }
        guard !known.contains(Name(from: message.from, id: message.id)) else { return .ignore }
        if now >= end ?? now {
            counts = [:]
            end = now + .seconds(60)
        }
        let count = counts[message.from, default: 0] + 1
        counts[message.from] = count
        if count > Self.limit { return count == Self.limit + 1 ? .stop : .ignore }
        return .answer(message.text)
    }
}
