public import SCACore

/// A message to be sent, and what its sender wants to know about it.
public struct Outgoing: Hashable, Sendable {
    /// Who it is for.
    public var to: Mobile
    /// What it says.
    public var text: String
    /// The sender's name for it, never used before by this mobile. A retry keeps it, so that nobody reads a message twice.
    /// What becomes of the message is reported under it.
    public var id: MessageID
    /// What must be known before the message counts as delivered.
    public var wait: Confirmation
    /// From submitting, and again from each retry's transmission, to the wanted answer.
    public var timeout: Duration
    /// nil: one try, carried on by a connection that is made again within `timeout`. Otherwise a recipient that is offline or busy, an answer that does not come and a connection that is
    /// lost are tried again for so long after submitting, with the same id.
    public var retryFor: Duration?

    /// Makes a message to be sent, as a rule under an id of its own.
    public init(
        to: Mobile,
        text: String,
        id: MessageID = .fresh(),
        wait: Confirmation = .stored,
        timeout: Duration = .seconds(10),
        retryFor: Duration? = nil
    ) {
        self.to = to
        self.text = text
        self.id = id
        self.wait = wait
        self.timeout = timeout
        self.retryFor = retryFor
    }
}

extension MessageID {
    /// Makes a new id of this moment, with the system's randomness.
    public static func fresh() -> MessageID {
        var random = SystemRandomNumberGenerator()
        return MessageID(unixMilliseconds: Moment.now().unixMilliseconds, using: &random)
    }
}

/// How much a sender wants to know.
public enum Confirmation: String, CaseIterable, Hashable, Sendable {
    /// That it is on a disk of the recipient; or routed, where the recipient cannot confirm.
    case stored
    /// That the server handed it to a session of the recipient.
    case routed
    /// Nothing.
    case none
}

/// What became of a message.
public struct Delivery: Hashable, Sendable {
    /// Its id.
    public var id: MessageID
    /// Who it was for.
    public var to: Mobile
    /// What it said.
    public var text: String
    /// What is known; see `isUnconfirmed`.
    public var status: DeliveryStatus
    /// Why it was rejected, in a sentence; nil for every other status.
    public var reason: String?
    /// When the answer was known, by this device's clock, in milliseconds since 1970 UTC.
    public var unixMilliseconds: Int64
    /// From submitting to the answer.
    public var elapsed: Duration
    /// True only after `Confirmation.none`: the bytes were handed to the kernel, nothing more is known, and `status` says nothing.
    public var isUnconfirmed: Bool

    /// Makes an outcome.
    public init(
        id: MessageID,
        to: Mobile,
        text: String,
        status: DeliveryStatus,
        reason: String? = nil,
        unixMilliseconds: Int64,
        elapsed: Duration,
        isUnconfirmed: Bool = false
    ) {
        self.id = id
        self.to = to
        self.text = text
        self.status = status
        self.reason = reason
        self.unixMilliseconds = unixMilliseconds
        self.elapsed = elapsed
        self.isUnconfirmed = isUnconfirmed
    }
}
