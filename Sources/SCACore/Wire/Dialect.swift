/// Which frames a session speaks.
public enum Dialect: String, Hashable, Sendable {
    /// What any SCA client or server speaks.
    case base
    /// The extended dialect: ids, acks, receipts, presence deltas. Offered, never required.
    case v2 = "sca.v2"

    /// The value of `Sec-WebSocket-Protocol` that offers the extended dialect.
    public static let subprotocol = Dialect.v2.rawValue
}
