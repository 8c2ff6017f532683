/// What the shell is told when the command ends. Scripts branch on these numbers: they only ever get added.
struct ExitStatus: RawRepresentable, Hashable, Sendable {
    let rawValue: Int32

    /// Done; an empty list is done.
    static let done = ExitStatus(rawValue: 0)
    /// Ran well, and the answer is no.
    static let no = ExitStatus(rawValue: 1)
    /// The command line makes no sense.
    static let usage = ExitStatus(rawValue: 64)
    /// A record on stdin, or a text, that cannot be sent.
    static let badInput = ExitStatus(rawValue: 65)
    /// The server cannot be reached, or the connection was lost.
    static let unreachable = ExitStatus(rawValue: 69)
    /// A bug of ours.
    static let bug = ExitStatus(rawValue: 70)
    /// Reading or writing the history, stdin or stdout failed.
    static let io = ExitStatus(rawValue: 74)
    /// The server broke the protocol.
    static let protocolBroken = ExitStatus(rawValue: 76)
    /// Not logged in, or refused.
    static let notAdmitted = ExitStatus(rawValue: 77)
    /// The configuration cannot be used.
    static let badConfiguration = ExitStatus(rawValue: 78)
    /// `--timeout`, `--idle` or `--wait` ran out first.
    static let timedOut = ExitStatus(rawValue: 124)

    /// Of two things that went wrong in one run, the one that the shell is told: what ended the run early wins
    /// over a record that was skipped, that over an answer that came too late, and that over a no.
    func combined(with other: ExitStatus) -> ExitStatus {
        severity >= other.severity ? self : other
    }

    private var severity: Int {
        switch self {
        case .done: 0
        case .no: 1
        case .timedOut: 2
        case .badInput: 3
        case .io: 4
        case .unreachable: 5
        default: 6
        }
    }
}
