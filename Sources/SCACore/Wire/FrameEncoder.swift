/// Writes frames as JSON: no blanks, keys in the order of `docs/protocol.md`, byte for byte the same each time.
///
/// Everything appends to one array that the caller reuses or shares; nothing else is allocated.
public enum FrameEncoder {
    /// Appends a client's frame.
    public static func append(_ frame: ClientFrame, to bytes: inout [UInt8]) {
        switch frame {
        case .ping: bytes.append(#"{"type":"ping"}"#)
        case .getOnlineUsers: bytes.append(#"{"type":"get_online_users"}"#)
        case .message(let to, let text, let id):
            bytes.append(#"{"type":"message","to":"#)
            bytes.append(to)
            bytes.append(#","text":"#)
            bytes.append(text)
            if let id {
                bytes.append(#","id":"#)
                bytes.append(id)
            }
            bytes.append("}")
        case .receipt(let to, let id, let state):
            appendReceipt(key: #"{"type":"receipt","to":"#, to, id, state, to: &bytes)
        case .watch(let mobiles):
            bytes.append(#"{"type":"watch","users":"#)
            bytes.append(mobiles)
            bytes.append("}")
        case .unwatch(let mobiles):
            bytes.append(#"{"type":"unwatch","users":"#)
            bytes.append(mobiles)
            bytes.append("}")
        }
    }

    /// Appends a server's frame. A frame of an unknown type has nothing to write.
    public static func append(_ frame: ServerFrame, to bytes: inout [UInt8]) {
        switch frame {
        case .pong: bytes.append(#"{"type":"pong"}"#)
        case .onlineUsers(let mobiles, let rev):
            bytes.append(#"{"type":"online_users","users":"#)
            bytes.append(mobiles)
            if let rev { bytes.append(#","rev":"#, rev) }
            bytes.append("}")
        case .message(let message): append(message, to: &bytes)
        case .hello(let hello): append(hello, to: &bytes)
        case .ack(let id, let to, let sessions, let receipts):
            bytes.append(#"{"type":"ack","id":"#)
            bytes.append(id)
            bytes.append(#","to":"#)
            bytes.append(to)
            bytes.append(#","sessions":"#, sessions)
            bytes.append(#","receipts":"#, receipts)
            bytes.append("}")
        case .receipt(let from, let id, let state):
            appendReceipt(key: #"{"type":"receipt","from":"#, from, id, state, to: &bytes)
        case .presence(let rev, let joined, let left):
            bytes.append(#"{"type":"presence","rev":"#, rev)
            bytes.append(#","joined":"#)
            bytes.append(joined)
            bytes.append(#","left":"#)
            bytes.append(left)
            bytes.append("}")
        case .error(let error): append(error, to: &bytes)
        case .unknown: break
        }
    }

    /// One client's frame as bytes of its own.
    public static func encode(_ frame: ClientFrame) -> [UInt8] {
        var bytes: [UInt8] = []
        append(frame, to: &bytes)
        return bytes
    }

    /// One server's frame as bytes of its own.
    public static func encode(_ frame: ServerFrame) -> [UInt8] {
        var bytes: [UInt8] = []
        append(frame, to: &bytes)
        return bytes
    }

    /// The body of an HTTP answer that refuses an upgrade: `{"error":{"code":…,"message":…}}`.
    public static func encodeRefusal(_ error: WireError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(#"{"error":{"code":"#)
        JSONString.appendQuoted(error.code.rawValue, to: &bytes)
        bytes.append(#","message":"#)
        JSONString.appendQuoted(error.message, to: &bytes)
        bytes.append("}}")
        return bytes
    }

    private static func append(_ message: RelayedMessage, to bytes: inout [UInt8]) {
        bytes.append(#"{"type":"message","from":"#)
        bytes.append(message.from)
        if let to = message.to {
            bytes.append(#","to":"#)
            bytes.append(to)
        }
        bytes.append(#","text":"#)
        bytes.append(message.text)
        if let id = message.id {
            bytes.append(#","id":"#)
            bytes.append(id)
        }
        if let time = message.unixMilliseconds { bytes.append(#","ts":"#, time) }
        bytes.append("}")
    }

    private static func append(_ hello: Hello, to bytes: inout [UInt8]) {
        bytes.append(#"{"type":"hello","server":"#)
        JSONString.appendQuoted(hello.server, to: &bytes)
        bytes.append(#","mobile":"#)
        bytes.append(hello.mobile)
        bytes.append(#","limits":{"text_bytes":"#, hello.textBytes)
        bytes.append(#","frame_bytes":"#, hello.frameBytes)
        bytes.append(#"},"heartbeat_s":"#, hello.heartbeatSeconds)
        bytes.append("}")
    }

    private static func append(_ error: WireError, to bytes: inout [UInt8]) {
        bytes.append(#"{"type":"error","#)
        if let id = error.id {
            bytes.append(#""id":"#)
            bytes.append(id)
            bytes.append(",")
        }
        bytes.append(#""code":"#)
        JSONString.appendQuoted(error.code.rawValue, to: &bytes)
        bytes.append(#","message":"#)
        JSONString.appendQuoted(error.message, to: &bytes)
        bytes.append("}")
    }

    private static func appendReceipt(
        key: StaticString,
        _ mobile: Mobile,
        _ id: MessageID,
        _ state: ReceiptState,
        to bytes: inout [UInt8]
    ) {
        bytes.append(key)
        bytes.append(mobile)
        bytes.append(#","id":"#)
        bytes.append(id)
        bytes.append(#","state":""#)
        bytes.append(contentsOf: state.rawValue.utf8)
        bytes.append(#""}"#)
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ literal: StaticString) {
        literal.withUTF8Buffer { append(contentsOf: $0) }
    }

    fileprivate mutating func append(_ literal: StaticString, _ number: some FixedWidthInteger) {
        append(literal)
        if number < 0 { append(UInt8(ascii: "-")) }
        let start = count
        var rest = UInt64(number.magnitude)
        repeat {
            append(UInt8(truncatingIfNeeded: rest % 10) | 0x30)
            rest /= 10
        } while rest > 0
        // Not `self[start...].reverse()`: a slice is a second owner, so the array would be copied.
        var (low, high) = (start, count - 1)
        while low < high {
            swapAt(low, high)
            (low, high) = (low + 1, high - 1)
        }
    }

    fileprivate mutating func append(_ mobile: Mobile) {
        append(UInt8(ascii: "\""))
        mobile.forEachASCIIDigit { append($0) }
        append(UInt8(ascii: "\""))
    }

    fileprivate mutating func append(_ mobiles: [Mobile]) {
        reserveCapacity(count + 2 + mobiles.count * 14)
        append(UInt8(ascii: "["))
        for (index, mobile) in mobiles.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(mobile)
        }
        append(UInt8(ascii: "]"))
    }

    fileprivate mutating func append(_ id: MessageID) {
        append(UInt8(ascii: "\""))
        append(contentsOf: id.text.utf8)
        append(UInt8(ascii: "\""))
    }

    fileprivate mutating func append(_ text: MessageText) {
        append(UInt8(ascii: "\""))
        append(contentsOf: text.escaped)
        append(UInt8(ascii: "\""))
    }
}
