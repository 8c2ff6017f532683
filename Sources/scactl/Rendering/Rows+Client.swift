internal import SCAClient
internal import SCACore

// What the client reports, as rows: the same words and numbers in every command.

extension HistoryRow {
    /// A message as the client reports it.
    init(_ message: ChatMessage) {
        self.init(
            id: message.id,
            ts: message.unixMilliseconds,
            direction: message.direction,
            from: message.from,
            to: message.to,
            text: message.text
        )
    }
}

extension SentRow {
    init(_ delivery: Delivery, reference: String?) {
        self.init(
            id: delivery.id,
            reference: reference,
            to: delivery.to,
            status: delivery.status,
            unixMilliseconds: delivery.unixMilliseconds,
            elapsed: delivery.elapsed,
            reason: delivery.reason
        )
    }
}

extension DeliveryStatus {
    /// What the shell is told of one message. Routed is done even where stored was waited for: that recipient cannot confirm.
    var exitStatus: ExitStatus {
        switch self {
        case .stored, .routed: .done
        case .offline, .busy, .rejected: .no
        case .timeout: .timedOut
        }
    }
}
