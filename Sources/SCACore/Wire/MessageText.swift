/// The text of a message, kept as it stands between the quotes of its JSON string.
///
/// A server relays exactly the bytes it was sent: nothing is unescaped and escaped again on the way, and
/// a text costs one copy. Whoever shows or stores the text asks for `string`.
public struct MessageText: Sendable {
    /// The JSON string's bytes without its quotes; every escape whole, the rest valid UTF-8.
    let escaped: [UInt8]
    /// The text's length in bytes of UTF-8, once escapes are undone: what limits count.
    public let utf8Count: Int

    /// Escapes a text, as little as JSON allows.
    public init(_ text: String) {
        var bytes: [UInt8] = []
        JSONString.appendEscaped(text, to: &bytes)
        escaped = bytes
        utf8Count = text.utf8.count
    }

    /// Copies a string value that a cursor has walked over.
    init(_ value: JSONCursor.Value, in bytes: Span<UInt8>) {
        escaped = Array(copying: bytes.extracting(value.range))
        utf8Count = value.unescapedCount
    }

    /// The text, escapes undone.
    public var string: String {
        utf8Count == escaped.count
            ? String(decoding: escaped, as: UTF8.self)
            : String(decoding: JSONString.unescape(escaped.span), as: UTF8.self)
    }
}

extension MessageText: Hashable {
    /// Two texts are equal if they have the same UTF-8 once escapes are undone, however they are spelled.
    public static func == (left: MessageText, right: MessageText) -> Bool {
        left.escaped == right.escaped
            || left.utf8Count == right.utf8Count && left.string.utf8.elementsEqual(right.string.utf8)
    }

    /// Hashes what the text reads as; texts that are only canonically equal collide, and are told apart by `==`.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(string)
    }
}

extension [UInt8] {
    /// Copies the bytes of a span.
    init(copying span: Span<UInt8>) {
        self = span.withUnsafeBufferPointer { [UInt8]($0) }
    }
}
