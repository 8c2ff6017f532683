/// Reads frames from JSON bytes, strictly and without ever trapping.
///
/// One pass finds where each key's value lies; then `type` decides which of them must be there and of
/// which kind. Unknown keys are ignored, and of a key that comes twice the last counts, as in Python, Dart
/// and JavaScript, so that no two parties read one frame differently. `FrameDecoder+Server.swift` is the
/// client's half.
public struct FrameDecoder: Sendable {
    /// What a frame may carry.
    public var limits: WireLimits

    /// Makes a decoder that holds peers to these limits.
    public init(limits: WireLimits = WireLimits()) {
        self.limits = limits
    }

    /// Reads a client's frame, as a server does.
    ///
    /// - Parameter bytes: one whole WebSocket text message.
    /// - Throws: `WireError` with the code and sentence to answer, and the message's `id` if it could be read.
    public func clientFrame(_ bytes: Span<UInt8>) throws(WireError) -> ClientFrame {
        var fields = ClientFields()
        try scan(bytes) { key, value in fields.set(key, value) }
        let value = try bytes.require(fields.type, .string, "a string", "type")
        // The type of nearly all of them.
        if bytes.extracting(value.range).spells("message") { return try message(fields, bytes) }
        let type = try bytes.string(value, "type")
        switch type {
        case "ping": return .ping
        case "get_online_users": return .getOnlineUsers
        case "message": return try message(fields, bytes)
        case "receipt":
            let to = try bytes.mobile(fields.to, "to")
            let id = try bytes.id(fields.id, "id")
            let state = try bytes.string(fields.state, "state")
            guard let state = ReceiptState(rawValue: state) else {
                throw WireError(.invalidFrame, "state must be \"stored\"", id: id)
            }
            return .receipt(to: to, id: id, state: state)
        case "watch": return .watch(try bytes.mobiles(fields.users, "users", limit: limits.watchedMobiles))
        case "unwatch": return .unwatch(try bytes.mobiles(fields.users, "users", limit: limits.watchedMobiles))
        default: throw WireError(.unknownType, "unknown type \(WireError.quoted(type))")
        }
    }

    private func message(_ fields: ClientFields, _ bytes: Span<UInt8>) throws(WireError) -> ClientFrame {
        let id = fields.id == nil ? nil : try bytes.id(fields.id, "id")
        do throws(WireError) {
            let to = try bytes.mobile(fields.to, "to")
            let text = try bytes.text(fields.text, "text", limit: limits.textBytes)
            return .message(to: to, text: text, id: id)
        } catch {
            throw error.answering(id)
        }
    }

    /// Walks over the one object that a frame is, and reports each member.
    func scan(
        _ bytes: Span<UInt8>,
        member: (Span<UInt8>, JSONCursor.Value) -> Void
    ) throws(WireError) {
        guard UTF8Check.isValid(bytes) else { throw WireError(.invalidFrame, "the frame is not UTF-8") }
        var cursor = JSONCursor()
        do throws(JSONCursor.Failure) {
            try cursor.object(bytes) { (cursor, key) throws(JSONCursor.Failure) in
                let value = try cursor.value(bytes)
                if key.hasEscapes {
                    let name = JSONString.unescape(bytes.extracting(key.range))
                    member(name.span, value)
                } else {
                    member(bytes.extracting(key.range), value)
                }
            }
            cursor.skipBlanks(bytes)
            guard cursor.position == bytes.count else { throw cursor.failure("something follows the object") }
        } catch {
            throw WireError(
                .invalidFrame,
                "a frame must be one JSON object: \(error.what) at byte \(error.position)"
            )
        }
    }
}

/// Where the values of a client's frame lie.
private struct ClientFields {
    var type: JSONCursor.Value?
    var to: JSONCursor.Value?
    var text: JSONCursor.Value?
    var id: JSONCursor.Value?
    var users: JSONCursor.Value?
    var state: JSONCursor.Value?

    mutating func set(_ key: Span<UInt8>, _ value: JSONCursor.Value) {
        if key.spells("type") { return type = value }
        if key.spells("to") { return to = value }
        if key.spells("text") { return text = value }
        if key.spells("id") { return id = value }
        if key.spells("users") { return users = value }
        if key.spells("state") { return state = value }
    }
}

extension Span<UInt8> {
    /// Whether these bytes are exactly that word.
    func spells(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { letters in letters.indices.allSatisfy { self[$0] == letters[$0] } }
    }
}
