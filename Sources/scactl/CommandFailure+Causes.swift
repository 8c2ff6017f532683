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
            self.init("history_\(error.code.rawValue)", error.message, hint: error.hint, status: .io)
        case let error as SettingsError:
            self.init("bad_configuration", error.message, hint: error.hint, status: .badConfiguration)
        default: self.init("bug", "unexpected: \(error)", status: .bug)
        }
    }

    /// The first connection could not be made. A server that takes longer than our own patience is as unreachable as one
    /// that is not there, and so is one behind an address where something else answers.
    ///
    /// - Parameter timeout: the `--timeout` that was given, if one was: then it is that which ran out.
    init(connecting error: ClientError, within timeout: Duration?) {
        self.init(error)
        switch error.code {
        case .timeout where timeout != nil: break
        case .timeout: (code, status) = (ClientError.Code.unreachable.rawValue, .unreachable)
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
        self.init(error.code.rawValue, error.message, hint: error.hint, status: status)
    }
}
