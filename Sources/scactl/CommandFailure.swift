internal import SCAClient
internal import SCACore

/// Why a command cannot go on, or what one record is refused for: for the person at the shell.
///
/// Everything that goes wrong below (`ClientError`, `HistoryError`, `SettingsError`, errno) is turned into this
/// one type, so that there is one place that decides which number the shell gets.
struct CommandFailure: Error, Hashable, Sendable {
    /// The word for programs, such as `unreachable`.
    var code: String
    /// A sentence without capital and full stop: what was found, what was expected.
    var message: String
    /// What to type or do next.
    var hint: String?
    /// What the shell is told.
    var status: ExitStatus
    /// The record of stdin that this is about, from 1.
    var line: Int?
    /// The sender's own word for that record, if it had one that could be read.
    var reference: String?

    init(_ code: String, _ message: String, hint: String? = nil, status: ExitStatus, line: Int? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status
        self.line = line
    }

    static func usage(_ message: String, hint: String? = nil) -> CommandFailure {
        CommandFailure("usage", message, hint: hint, status: .usage)
    }

    static func badInput(_ message: String, hint: String? = nil, line: Int? = nil) -> CommandFailure {
        CommandFailure("bad_input", message, hint: hint, status: .badInput, line: line)
    }

    static func timedOut(_ message: String, hint: String? = nil) -> CommandFailure {
        CommandFailure("timeout", message, hint: hint, status: .timedOut)
    }

    static let notLoggedIn = CommandFailure(
        "not_logged_in",
        "not logged in: which mobile is yours?",
        hint: "scactl login MOBILE",
        status: .notAdmitted
    )

    /// A signal ended it. The process dies of that signal, so nobody is told this either.
    static let stopped = CommandFailure("stopped", "told to stop", status: .signal(15))

    /// The reader of stdout is gone. The process dies of it as Unix tools do, so nobody reads this sentence.
    static let readerGone = CommandFailure("reader_gone", "the reader of stdout went away", status: .signal(13))
}

extension ExitStatus {
    /// Ended by this signal.
    static func signal(_ number: Int32) -> ExitStatus { ExitStatus(rawValue: 128 + number) }
}
