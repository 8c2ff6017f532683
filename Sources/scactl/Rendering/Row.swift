internal import SCAClient
internal import SCACore

/// What a command has to say, before anyone decides how it looks. Each is one line of output.
///
/// Errors are rows as well, on stderr. What is not a row (remarks such as "connected again") is a plain sentence.
enum Row: Hashable, Sendable {
    /// A message as it is stored: what `listen` and `history` print.
    case message(HistoryRow)
    case sent(SentRow)
    /// Whether a mobile is online now; the reference is the word of the `pipe` line that asked.
    case user(Mobile, isOnline: Bool, reference: String? = nil)
    /// The end of the `user` rows that answer one `pipe` line: how many there were.
    case who(online: Int, reference: String?)
    /// A mobile came or went. Milliseconds since 1970 UTC.
    case presence(Mobile, isOnline: Bool, at: Int64)
    case status(StatusRow)
    case health(HealthRow)
    case login(Mobile, server: String, dialect: Dialect)
    case check(CheckRow)
    case error(CommandFailure)
}

/// What became of one message to one recipient.
struct SentRow: Hashable, Sendable {
    var id: MessageID
    /// The sender's own word for it, from `--jsonl`.
    var reference: String?
    var to: Mobile
    var status: DeliveryStatus
    /// When that was known, in milliseconds since 1970 UTC.
    var unixMilliseconds: Int64
    /// How long it took.
    var elapsed: Duration
    /// The server's sentence, or ours, for `rejected`.
    var reason: String?
}

/// What became of the connection.
struct StatusRow: Hashable, Sendable {
    enum State: String, Hashable, Sendable {
        case connected, reconnecting, reconnected
        /// The reader of stdout, or the program of a bot, is slower than messages come.
        case lagging
    }

    var state: State
    /// From 1; for `reconnecting`.
    var attempt: Int?
    /// How long there was no connection; for `reconnected`.
    var gap: Duration?
    /// How many messages were left out; for `lagging`, where messages are left out.
    var dropped: Int?
    /// Milliseconds since 1970 UTC.
    var unixMilliseconds: Int64
}

/// What a server says of itself.
struct HealthRow: Hashable, Sendable {
    var isHealthy: Bool
    var status: String
    var connections: Int?
    var server: String
    var elapsed: Duration
}

/// What `doctor` found out about one thing.
struct CheckRow: Hashable, Sendable {
    /// What was looked at.
    enum Subject: String, CaseIterable, Sendable {
        case version, settings, mobile, token, history, disk, terminal, server, tls, session, clock
    }

    enum Grade: String, CaseIterable, Sendable {
        case ok
        /// It works, and may not always.
        case warning
        /// Something does not work because of it.
        case failed
    }

    var subject: Subject
    var grade: Grade
    /// A sentence without capital and full stop.
    var message: String
    /// What to type or do; nil if all is well.
    var hint: String?

    static func ok(_ subject: Subject, _ message: String) -> CheckRow {
        CheckRow(subject: subject, grade: .ok, message: message)
    }

    static func warning(_ subject: Subject, _ message: String, hint: String) -> CheckRow {
        CheckRow(subject: subject, grade: .warning, message: message, hint: hint)
    }

    static func failed(_ subject: Subject, _ message: String, hint: String) -> CheckRow {
        CheckRow(subject: subject, grade: .failed, message: message, hint: hint)
    }

    static func failed(_ subject: Subject, _ failure: CommandFailure) -> CheckRow {
        .failed(subject, failure.message, hint: failure.hint)
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
