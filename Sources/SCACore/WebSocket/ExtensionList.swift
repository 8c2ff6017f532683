/// One element of a `Sec-WebSocket-Extensions` header (RFC 6455, section 9.1): `name; parameter; parameter=value`.
struct WebSocketExtension: Equatable, Sendable {
    let name: String
    let parameters: [(name: String, value: String?)]

    static func == (left: Self, right: Self) -> Bool {
        left.name == right.name && left.parameters.elementsEqual(right.parameters, by: ==)
    }

    /// Reads the elements of all headers of that name, in order.
    ///
    /// - Parameter headers: Their values.
    /// - Returns: nil if one does not follow the grammar.
    static func parse(_ headers: [String]) -> [WebSocketExtension]? {
        var reader = Reader(bytes: Array(headers.joined(separator: ",").utf8))
        var extensions: [WebSocketExtension] = []
        repeat {
            reader.skipBlanks()
            // RFC 9110, section 5.6.1: empty elements of a list are to be borne.
            if reader.isAtEnd || reader.next == UInt8(ascii: ",") { continue }
            guard let element = reader.element() else { return nil }
            extensions.append(element)
        } while reader.skip(UInt8(ascii: ","))
        return reader.isAtEnd ? extensions : nil
    }

    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        var isAtEnd: Bool { index == bytes.count }
        var next: UInt8? { isAtEnd ? nil : bytes[index] }

        mutating func skip(_ byte: UInt8) -> Bool {
            skipBlanks()
            guard next == byte else { return false }
            index += 1
            return true
        }

        mutating func skipBlanks() {
            while next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") { index += 1 }
        }

        mutating func element() -> WebSocketExtension? {
            guard let name = token() else { return nil }
            var parameters: [(name: String, value: String?)] = []
            while skip(UInt8(ascii: ";")) {
                skipBlanks()
                guard let name = token() else { return nil }
                guard skip(UInt8(ascii: "=")) else {
                    parameters.append((name, nil))
                    continue
                }
                skipBlanks()
                guard let value = next == UInt8(ascii: "\"") ? quotedToken() : token() else { return nil }
                parameters.append((name, value))
            }
            return WebSocketExtension(name: name, parameters: parameters)
        }

        mutating func token() -> String? {
            let start = index
            while let byte = next, Self.isToken(byte) { index += 1 }
            return start == index ? nil : String(decoding: bytes[start..<index], as: UTF8.self)
        }

        /// A quoted string, which must be a token once it is unquoted.
        mutating func quotedToken() -> String? {
            var value: [UInt8] = []
            index += 1
            while let byte = next, byte != UInt8(ascii: "\"") {
                index += 1
                guard byte == UInt8(ascii: "\\") else {
                    value.append(byte)
                    continue
                }
                guard let escaped = next else { return nil }
                value.append(escaped)
                index += 1
            }
            guard !isAtEnd, !value.isEmpty, value.allSatisfy(Self.isToken) else { return nil }
            index += 1
            return String(decoding: value, as: UTF8.self)
        }

        private static func isToken(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
    }
}
