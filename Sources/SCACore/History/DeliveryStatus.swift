/// What a sender knows about one message to one recipient: the `status` of a row.
public enum DeliveryStatus: String, Sendable, Hashable, CaseIterable {
    /// The recipient's device has it on disk.
    case stored
    /// It was handed to a client that cannot confirm more.
    case routed
    /// The recipient was not online; nobody got it.
    case offline
    /// The recipient's queue was full; nobody got it.
    case busy
    /// The server refused it.
    case rejected
    /// No answer came in time: it may or may not have arrived. A retry keeps the message's id.
    case timeout

    /// Whether the recipient has it, as far as anyone can know: `stored` or `routed`.
    public var isDelivered: Bool { self == .stored || self == .routed }

    /// Whether it says that nobody has it: `offline`, `busy` or `rejected`.
    package var isRefused: Bool { self == .offline || self == .busy || self == .rejected }
}
