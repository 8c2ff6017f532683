/// A message as this device stored it: one line of the history, and the `message` row that `scactl` prints.
///
/// The line is written by hand, byte by byte, with the keys always in this order and no blanks, so that a reader
/// can find its way by position (`RawRow`) and `grep` can be told what to look for:
///
///     {"type":"message","id":"…","ts":1795363670974,"dir":"out","from":"9…","to":"9…","text":"hi","status":"stored"}
///
/// `JSONEncoder` was rejected: it is ten times slower, and promises no order without sorting the keys.
public struct HistoryRow: Sendable, Hashable {
    /// Whether the owner of the history received or sent the message.
    public enum Direction: String, Sendable, Hashable, CaseIterable {
        /// Somebody else sent it to the owner.
        case `in`
        /// The owner sent it, from this device or another.
        case out
    }

    /// How long a line may be, in bytes, its newline not counted: 1 MiB.
    ///
    /// The largest message of the protocol (64 KiB of text), every byte of it escaped, needs less than half.
    public static let longestLine = 1 << 20

    /// The sender's name for the message; unique together with `from`.
    public var id: MessageID

    /// When the message was sent, in milliseconds since 1970 UTC, by the server's clock (or ours, if it had none).
    public var ts: Int64

    /// Whether it came in or went out.
    public var direction: Direction

    /// The sender.
    public var from: Mobile

    /// The recipient.
    public var to: Mobile

    /// The text, any Unicode.
    public var text: String

    /// What became of an outgoing message; nil for an incoming one, or when this device did not send it.
    public var status: DeliveryStatus?

    /// The other one in the conversation: the sender of what came in, the recipient of what went out.
    public var peer: Mobile { direction == .in ? from : to }

    /// Makes a row.
    ///
    /// - Parameters:
    ///   - id: the sender's name for the message.
    ///   - ts: when it was sent, in milliseconds since 1970 UTC.
    ///   - direction: whether it came in or went out.
    ///   - from: the sender.
    ///   - to: the recipient.
    ///   - text: the text.
    ///   - status: what became of an outgoing message.
    public init(
        id: MessageID,
        ts: Int64,
        direction: Direction,
        from: Mobile,
        to: Mobile,
        text: String,
        status: DeliveryStatus? = nil
    ) {
        self.id = id
        self.ts = ts
        self.direction = direction
        self.from = from
        self.to = to
        self.text = text
        self.status = status
    }

    /// Appends the row as one line of JSON, the newline included. O(text).
    ///
    /// Escaped are only `"`, `\` and bytes below 0x20; all else is UTF-8 as it is.
    public func appendLine(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: #"{"type":"message","id":""#.utf8)
        bytes.append(contentsOf: id.text.utf8)
        bytes.append(contentsOf: #"","ts":"#.utf8)
        bytes.append(contentsOf: String(ts).utf8)
        bytes.append(contentsOf: #","dir":""#.utf8)
        bytes.append(contentsOf: direction.rawValue.utf8)
        bytes.append(contentsOf: #"","from":""#.utf8)
        from.forEachASCIIDigit { bytes.append($0) }
        bytes.append(contentsOf: #"","to":""#.utf8)
        to.forEachASCIIDigit { bytes.append($0) }
        bytes.append(contentsOf: #"","text":"#.utf8)
        JSONString.appendQuoted(text, to: &bytes)
        if let status {
            bytes.append(contentsOf: #","status":""#.utf8)
            bytes.append(contentsOf: status.rawValue.utf8)
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(contentsOf: "}\n".utf8)
    }
}
