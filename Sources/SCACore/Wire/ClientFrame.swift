/// What a client may say to a server.
public enum ClientFrame: Hashable, Sendable {
    /// Heartbeat; answered by `pong`.
    case ping
    /// Asks for the list of who is online.
    case getOnlineUsers
    /// A text for another mobile. With an `id` it is answered by exactly one `ack` or `error`.
    case message(to: Mobile, text: MessageText, id: MessageID?)
    /// `sca.v2`: the message with this id, sent by `to`, is on this device's disk.
    case receipt(to: Mobile, id: MessageID, state: ReceiptState)
    /// `sca.v2`: tell me about these mobiles, now and whenever it changes.
    case watch([Mobile])
    /// `sca.v2`: no longer.
    case unwatch([Mobile])
}

/// What a recipient's device says of a message.
public enum ReceiptState: String, Hashable, Sendable {
    /// It is on the device's disk.
    case stored
}
