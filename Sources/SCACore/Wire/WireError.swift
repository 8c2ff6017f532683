/// What a server tells a peer about a frame or an upgrade that it refused.
public struct WireError: Error, Hashable, Sendable {
    /// The kinds of refusal, by the name they have on the wire.
    public enum Code: String, CaseIterable, Hashable, Sendable {
        /// Not JSON, not an object, a key missing or of the wrong type.
        case invalidFrame = "invalid_frame"
        /// A `type` that the server does not know.
        case unknownType = "unknown_type"
        /// Not 10 to 32 ASCII digits.
        case invalidMobile = "invalid_mobile"
        /// A text or a list over its limit.
        case tooLarge = "too_large"
        /// The recipient has no visible session.
        case recipientOffline = "recipient_offline"
        /// Every session of the recipient has a full outbox.
        case recipientBusy = "recipient_busy"
        /// Too many sessions, of this mobile or in all.
        case rateLimited = "rate_limited"
        /// Not admitted.
        case unauthorized = "unauthorized"
        /// The server is going away.
        case draining = "draining"
    }

    /// What kind of refusal.
    public let code: Code
    /// A sentence for a person: what was found, what was expected.
    public let message: String
    /// The id of the message this answers, if it had one.
    public let id: MessageID?

    /// Makes an error.
    public init(_ code: Code, _ message: String, id: MessageID? = nil) {
        self.code = code
        self.message = message
        self.id = id
    }

    /// The same error as the answer to the message with this id.
    public func answering(_ id: MessageID?) -> WireError {
        WireError(code, message, id: id ?? self.id)
    }

    /// A foreign word for an error message: its first 32 scalars, with `?` for control characters.
    static func quoted(_ word: String) -> String {
        let scalars = word.unicodeScalars
        let shown = scalars.prefix(32).map { $0.properties.generalCategory == .control ? "?" : String($0) }
        return "\"" + shown.joined() + (scalars.count > 32 ? "…" : "") + "\""
    }
}
