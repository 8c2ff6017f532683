internal import SCAClient
internal import SCACore

extension CommandFailure {
    /// The word for programs: that of what went wrong below, or one of our own.
    ///
    /// All of them can be listed, so that a test sees that each is in `docs/troubleshooting.md` and in sca-rows(5).
    enum Code: Hashable, Sendable, CaseIterable {
        case client(ClientError.Code)
        case history(HistoryError.Code)
        case ours(Ours)

        /// What only a command line tool has.
        enum Ours: String, CaseIterable, Sendable {
            /// A text or a record that cannot be sent.
            case badInput = "bad_input"
            /// Nobody knows whose command this is.
            case notLoggedIn = "not_logged_in"
            /// Reading stdin failed.
            case inputFailed = "input_failed"
            /// Writing stdout failed.
            case outputFailed = "output_failed"
            /// The program of a bot did not answer one message.
            case handlerFailed = "handler_failed"
            /// The program of a bot ended, and is started again.
            case programEnded = "program_ended"
            /// Ours.
            case bug
            /// Told to end; never printed.
            case stopped
            /// Nobody reads stdout any more; never printed.
            case readerGone = "reader_gone"
        }

        static var allCases: [Code] {
            ClientError.Code.allCases.map(Code.client) + HistoryError.Code.allCases.map(Code.history)
                + Ours.allCases.map(Code.ours)
        }

        /// As it stands in rows.
        var word: String {
            switch self {
            case .client(let code): code.rawValue
            case .history(let code): "history_\(code.rawValue)"
            case .ours(let code): code.rawValue
            }
        }

        /// Whether anybody is told; if not, the process dies of a signal, which says it all.
        var isShown: Bool { self != .ours(.stopped) && self != .ours(.readerGone) }
    }
}
