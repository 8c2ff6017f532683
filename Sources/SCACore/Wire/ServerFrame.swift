/// What a server may say to a client.
public enum ServerFrame: Hashable, Sendable {
    /// Answers `ping`.
    case pong
    /// Who is online, each mobile once. `rev` only in `sca.v2`.
    case onlineUsers([Mobile], rev: UInt64?)
    /// A text from another mobile.
    case message(RelayedMessage)
    /// `sca.v2`, the first frame: who serves whom under which limits.
    case hello(Hello)
    /// Handed to so many sessions, of which so many will send receipts.
    case ack(id: MessageID, to: Mobile, sessions: Int, receipts: Int)
    /// `sca.v2`: the device of `from` has this message on its disk.
    case receipt(from: Mobile, id: MessageID, state: ReceiptState)
    /// `sca.v2`: who came and went since the list or delta before.
    case presence(rev: UInt64, joined: [Mobile], left: [Mobile])
    /// A frame was refused.
    case error(WireError)
    /// A frame of a type this version does not know, or an error with a code it does not know; to be ignored.
    case unknown(type: String)
}

/// A message on its way to a recipient; `to`, `id` and `unixMilliseconds` only in `sca.v2`.
public struct RelayedMessage: Hashable, Sendable {
    /// Who sent it.
    public var from: Mobile
    /// Who it is for.
    public var to: Mobile?
    /// What it says.
    public var text: MessageText
    /// The sender's name for it, or one the server made.
    public var id: MessageID?
    /// The server's clock, in milliseconds since 1970 UTC.
    public var unixMilliseconds: Int64?

    /// Makes a message; without the last three it is in the base dialect.
    public init(
        from: Mobile,
        to: Mobile? = nil,
        text: MessageText,
        id: MessageID? = nil,
        unixMilliseconds: Int64? = nil
    ) {
        self.from = from
        self.to = to
        self.text = text
        self.id = id
        self.unixMilliseconds = unixMilliseconds
    }
}

/// A server's first words to a `sca.v2` client.
public struct Hello: Hashable, Sendable {
    /// The server's name and version, such as `scad/1.0.0`.
    public var server: String
    /// The mobile that the session belongs to.
    public var mobile: Mobile
    /// The longest message text, in bytes of UTF-8.
    public var textBytes: Int
    /// The longest frame, in bytes; 0 if the server did not say.
    public var frameBytes: Int
    /// A session silent for so many seconds is closed.
    public var heartbeatSeconds: Int

    /// Makes a hello.
    public init(server: String, mobile: Mobile, textBytes: Int, frameBytes: Int, heartbeatSeconds: Int) {
        self.server = server
        self.mobile = mobile
        self.textBytes = textBytes
        self.frameBytes = frameBytes
        self.heartbeatSeconds = heartbeatSeconds
    }
}
