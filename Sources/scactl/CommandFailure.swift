internal import SCAClient
internal import SCACore

/// Why a command cannot go on, or what one record is refused for: for the person at the shell.
///
/// Everything that goes wrong below (`ClientError`, `HistoryError`, `SettingsError`, errno) is turned into this
/// one type, so that there is one place that decides which number the shell gets.
struct CommandFailure: Error, Hashable, Sendable {
    /// The word for programs, such as `unreachable`.
    var code: Code
    /// A sentence without capital and full stop: what was found, what was expected.
    var message: String
    /// What to type or do next: nobody is left with a sentence alone.
    var hint: String
    /// What the shell is told.
    var status: ExitStatus
    /// The record of stdin that this is about, from 1.
    var line: Int?
    /// The sender's own word for that record, if it had one that could be read.
    var reference: String?

    init(_ code: Code, _ message: String, hint: String, status: ExitStatus, line: Int? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status
        self.line = line
    }

    static func usage(_ message: String, hint: String) -> CommandFailure {
        CommandFailure(.client(.usage), message, hint: hint, status: .usage)
    }

    static func badInput(_ message: String, hint: String, line: Int? = nil) -> CommandFailure {
        CommandFailure(.ours(.badInput), message, hint: hint, status: .badInput, line: line)
    }

    static func timedOut(_ message: String, hint: String) -> CommandFailure {
        CommandFailure(.client(.timeout), message, hint: hint, status: .timedOut)
    }

    static let notLoggedIn = CommandFailure(
        .ours(.notLoggedIn),
        "not logged in: which mobile is yours?",
        hint: "scactl login MOBILE",
        status: .notAdmitted
    )

    /// A signal ended it. The process dies of that signal, so nobody is told this either.
    static let stopped = CommandFailure(.ours(.stopped), "told to stop", hint: "nothing", status: .signal(15))

    /// The reader of stdout is gone. The process dies of it as Unix tools do, so nobody reads this sentence.
    static let readerGone = CommandFailure(
        .ours(.readerGone),
        "the reader of stdout went away",
        hint: "nothing",
        status: .signal(13)
    )
}

extension ExitStatus {
    /// Ended by this signal.
    static func signal(_ number: Int32) -> ExitStatus { ExitStatus(rawValue: 128 + number) }
}
