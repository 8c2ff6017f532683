internal import SCAClient
internal import SCACore

/// Says on stderr what becomes of the connection and the store, for commands that live long enough to see it.
struct ConnectionWatch: Sendable {
    private let console: Console
    /// With `--events status` the same comes as rows, and need not be said twice.
    var isSilent = false

    init(_ invocation: Invocation) {
        console = invocation.console
    }

    /// Says what is to be said about an event.
    ///
    /// - Returns: what the shell should be told in the end because of it: `.done` if all is well.
    func observe(_ event: ClientEvent) async -> ExitStatus {
        switch event {
        case .disconnected, .reconnected:
            if !isSilent, let remark = event.remark { await console.remark(remark) }
        case .reconnecting(let attempt, let delay):
            await console.detail("attempt \(attempt) in \(delay.rounded.shortText)")
        case .storeFailed(let error):
            await console.report(CommandFailure(explaining: error))
            return .io
        case .historyHealed(let sentence): await console.remark(sentence)
        case .badFrame(let sentence): await console.detail("the server sent something odd: \(sentence)")
        case .connected, .message, .onlineUsers, .presence, .delivery, .ended: break
        }
        return .done
    }
}

extension ClientEvent {
    /// What a person is told when a connection goes and comes; nil for all else.
    var remark: String? {
        switch self {
        case .disconnected(let error): "\(error.message); trying again"
        case .reconnected(_, let gap): "connected again after \(gap.rounded.shortText)"
        default: nil
        }
    }
}
