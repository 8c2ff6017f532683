internal import SCAClient
internal import SCACore

/// What goes wrong below the commands, as the shell is told of it.
extension CommandFailure {
    /// Finds the right words and the right number for any error.
    init(explaining error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as ClientError: self.init(error)
        case let error as HistoryError:
            self.init(.history(error.code), error.message, hint: error.hint, status: .io)
        case let error as SettingsError:
            self.init(.client(.badConfiguration), error.message, hint: error.hint, status: .badConfiguration)
        default: self.init(.ours(.bug), "unexpected: \(error)", hint: Self.report, status: .bug)
        }
    }

    /// What was sent is not in this device's own history. That is no reason to send it again.
    init(ownCopies error: any Error) {
        self.init(explaining: error)
        message = "what was sent is not in this device's history: \((error as? HistoryError)?.cause ?? message)"
        hint = "do not send it again: what its row calls stored or routed has arrived. For the history: \(hint)"
    }

    /// The first connection could not be made. A server that takes longer than our own patience is as unreachable as one
    /// that is not there, and so is one behind an address where something else answers.
    ///
    /// - Parameter timeout: the `--timeout` that was given, if one was: then it is that which ran out.
    init(connecting error: ClientError, within timeout: Duration?) {
        self.init(error)
        switch error.code {
        case .timeout where timeout != nil: break
        case .timeout: (code, status) = (.client(.unreachable), .unreachable)
        case .invalidServer: status = .unreachable
        default: break
        }
    }

    /// Something went wrong on a connection that stood.
    private init(_ error: ClientError) {
        let status: ExitStatus =
            switch error.code {
            case .usage: .usage
            case .badConfiguration: .badConfiguration
            case .unreachable, .tlsFailed, .handshakeFailed, .connectionLost, .draining, .rateLimited: .unreachable
            case .timeout: .timedOut
            case .unauthorized: .notAdmitted
            case .invalidServer, .protocolError: .protocolBroken
            case .tooLarge: .badInput
            case .closed: .bug
            }
        self.init(.client(error.code), error.message, hint: error.nextStep, status: status)
    }

    /// What to do about a bug of ours.
    fileprivate static let report = "report it, with what you typed and what scactl doctor says"
}

extension ClientError {
    /// What to type or do next; where the error itself does not say, by its kind.
    var nextStep: String {
        if let hint { return hint }
        return switch code {
        case .usage: "scactl --help"
        case .unreachable, .handshakeFailed, .tlsFailed, .badConfiguration: "scactl doctor"
        case .connectionLost: "try again; if it is lost again: scactl doctor"
        case .timeout: "try again with a longer --timeout, or: scactl doctor"
        case .unauthorized: "scactl login MOBILE"
        case .invalidServer: "check the address, or name another server with --server"
        case .protocolError: "scactl doctor; if the server is up to date, tell its owner"
        case .draining, .rateLimited: "try again in a moment"
        case .tooLarge: "send it in parts"
        case .closed: CommandFailure.report
        }
    }
}
