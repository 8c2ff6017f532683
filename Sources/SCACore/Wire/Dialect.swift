/// Which frames a session speaks.
public enum Dialect: String, Hashable, Sendable {
    /// What any SCA client or server speaks.
    case base
    /// The extended dialect: ids, acks, receipts, presence deltas. Offered, never required.
    case v2 = "sca.v2"

    /// The value of `Sec-WebSocket-Protocol` that offers the extended dialect.
    public static let subprotocol = Dialect.v2.rawValue

    /// The value that names the base dialect, for browsers, which give up a connection whose answer names none of what was
    /// offered. Nobody else needs it.
    public static let baseSubprotocol = "sca.base"
}
