public import SCACore

/// What a client reports, in the order it happened.
public enum ClientEvent: Sendable {
    /// The first connection stands.
    case connected(ServerInfo)
    /// A message that arrived, stored already if there is a store; or a copy of what another session of this mobile sent
    /// (`direction` is `.out`), stored a moment later. A client reports each of the last 32,768 once, however often it
    /// arrives; a client of a later process reports it again if its sender missed the receipt.
    case message(ChatMessage)
    /// Everyone who is online: each list of a base server; with `sca.v2` the one after connecting and those asked for.
    case onlineUsers([Mobile])
    /// Who came and went; with a base server worked out from its lists.
    case presence(joined: [Mobile], left: [Mobile])
    /// What became of a message that `submit` took: exactly one for each. (`send` returns its own.)
    case delivery(Delivery)
    /// The connection was lost; a reconnect follows.
    case disconnected(ClientError)
    /// The next attempt to connect comes after this delay; 1 is the first after a loss.
    case reconnecting(attempt: Int, delay: Duration)
    /// The connection stands again, so long after it was lost.
    case reconnected(ServerInfo, gap: Duration)
    /// Messages could not be stored and no receipt was sent; they follow as `.message`, so that they are not lost.
    case storeFailed(HistoryError)
    /// The store found a torn end and set it aside: a sentence about it.
    case historyHealed(String)
    /// The server sent something that is not the protocol; it was ignored. A sentence about it.
    case badFrame(String)
    /// The last event: why there will be no connection any more; nil after `close()`.
    case ended(ClientError?)
}

/// Who serves this client, and how.
public struct ServerInfo: Hashable, Sendable {
    /// Which frames are spoken.
    public var dialect: Dialect
    /// The server's name and version; nil from a base server.
    public var server: String?
    /// What a message may measure, in bytes; the usual limits with a base server, which does not tell.
    public var limits: WireLimits

    /// Makes the description of a server.
    public init(dialect: Dialect, server: String? = nil, limits: WireLimits = WireLimits()) {
        self.dialect = dialect
        self.server = server
        self.limits = limits
    }
}
