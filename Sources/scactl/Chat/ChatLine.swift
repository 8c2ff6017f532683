internal import SCAClient
internal import SCACore

/// Something to be shown above the prompt, before anyone decides how it looks.
enum ChatLine: Hashable, Sendable {
    case message(HistoryRow)
    /// What became of a message that was typed here. Bare: right below it. To the peer: it need not be said to whom.
    case outcome(Delivery, isBare: Bool, isToPeer: Bool)
    /// The message that was just typed waits for the connection.
    case kept
    /// The prompt is left before this could be sent.
    case notSent(Outgoing)
    /// Milliseconds since 1970 UTC.
    case presence(came: [Mobile], went: [Mobile], at: Int64)
    /// Who is online; `of` is one's own mobile.
    case online([Mobile], of: Mobile)
    case status(ChatStatus)
    case help
    case remark(String)
    /// What was typed can be neither sent nor done.
    case refusal(String)
    case failure(CommandFailure)
}

/// What `/status` tells.
struct ChatStatus: Hashable, Sendable {
    var isConnected: Bool
    var peer: Mobile?
    /// Nil if nobody knows.
    var isPeerOnline: Bool?
    /// Typed while there was no connection.
    var waiting: Int
    /// Sent and not answered yet.
    var underWay: Int
}
