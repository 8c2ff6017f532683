public import SCACore

/// How a client connects and how patient it is.
public struct ClientConfiguration: Sendable {
    /// Where the server is.
    public var endpoint: Endpoint
    /// The file of the authorities whose certificates are trusted with `wss`, in PEM; nil: the system's. Read for each
    /// connection, so that it may be renewed.
    public var caFile: String?
    /// Who this client is.
    public var mobile: Mobile
    /// What proves it, for a server that asks: visible ASCII, shown to this endpoint only. Anything else is not sent.
    public var token: String?
    /// Whether this session is online, and so a recipient of messages. A base server knows only visible sessions.
    public var isVisible = true
    /// Whose comings and goings are reported without having been asked for by `watch`.
    public var presence = PresenceInterest.none
    /// Whether `stored` is confirmed to senders; only done with a store. If not, the server is told not to count on it.
    public var sendsReceipts = true
    /// For name look-up, TCP, TLS and the upgrade together.
    public var connectTimeout = Duration.seconds(10)
    /// After so long without sending anything a `ping` is sent. A third of the server's own ping timeout, if that is less.
    public var heartbeatInterval = Duration.seconds(20)
    /// How long the server may be silent once it has been pinged; after that the connection counts as lost.
    public var answerTimeout = Duration.seconds(10)
    /// How a lost connection is made again, without end unless the error is not temporary; nil: losing it ends the client.
    public var reconnect: ReconnectPolicy?
    /// How many messages may be unanswered at once, 1 or more; `submit` waits for room. Those between two tries do not count,
    /// until there are 64 times as many of them.
    public var window = 256

    /// Whether compressed messages (RFC 7692) are offered to the server. Not worth its memory, up to 300 KiB, for messages of
    /// people; for those who ask for long lists over a slow line.
    public var offersCompression = false

    /// Makes a configuration with the usual values.
    public init(endpoint: Endpoint, mobile: Mobile) {
        self.endpoint = endpoint
        self.mobile = mobile
    }
}

/// Whose presence a client wants to hear of.
public enum PresenceInterest: String, Hashable, Sendable {
    /// Everyone's.
    case all
    /// Nobody's but of those that `watch` names.
    case none
}
