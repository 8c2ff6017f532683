public import SCACore

/// A message as this device knows it.
public struct ChatMessage: Hashable, Sendable {
    /// The sender's name for it. A base server relays none; then it is made here, on arrival.
    public var id: MessageID
    /// When the server took it, in milliseconds since 1970 UTC; from a base server: when it arrived here.
    public var unixMilliseconds: Int64
    /// Arrived here, or a copy of what another device of the same mobile sent. To oneself counts as arrived.
    public var direction: HistoryRow.Direction
    /// Who sent it.
    public var from: Mobile
    /// Who it is for.
    public var to: Mobile
    /// What it says.
    public var text: String

    /// Makes a message.
    public init(
        id: MessageID,
        unixMilliseconds: Int64,
        direction: HistoryRow.Direction,
        from: Mobile,
        to: Mobile,
        text: String
    ) {
        self.id = id
        self.unixMilliseconds = unixMilliseconds
        self.direction = direction
        self.from = from
        self.to = to
        self.text = text
    }
}
