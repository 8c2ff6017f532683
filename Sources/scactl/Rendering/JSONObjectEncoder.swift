internal import SCACore

/// Writes one flat JSON object, keys in the order they are added; what is nil is left out.
///
/// `JSONEncoder` was rejected: it is ten times slower, and keeps no order.
struct JSONObjectEncoder {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    mutating func add(_ key: StaticString, _ text: String?) {
        guard let text else { return }
        begin(key)
        JSONString.appendQuoted(text, to: &bytes)
    }

    mutating func add(_ key: StaticString, _ number: Int64?) {
        guard let number else { return }
        begin(key)
        bytes.append(contentsOf: String(number).utf8)
    }

    mutating func add(_ key: StaticString, _ truth: Bool) {
        begin(key)
        bytes.append(contentsOf: (truth ? "true" : "false").utf8)
    }

    /// The object and a newline.
    consuming func finished() -> [UInt8] {
        bytes.append(contentsOf: "}\n".utf8)
        return bytes
    }

    private mutating func begin(_ key: StaticString) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        key.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: "\":".utf8)
    }
}
