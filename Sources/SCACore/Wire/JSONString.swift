/// JSON strings: writing them, and undoing their escapes.
package enum JSONString {
    /// Appends the text in quotes. Only `"`, `\` and bytes below 0x20 are escaped; all else is UTF-8 as it is.
    package static func appendQuoted(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        appendEscaped(text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends the text as it stands between the quotes.
    static func appendEscaped(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { utf8 in
            var start = 0  // of what goes as it is
            for (index, byte) in utf8.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
                bytes.append(contentsOf: utf8[start..<index])
                appendEscape(of: byte, to: &bytes)
                start = index + 1
            }
            bytes.append(contentsOf: utf8[start...])
        }
    }

    private static func appendEscape(of byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case 0x08: bytes.append(contentsOf: "\\b".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0C: bytes.append(contentsOf: "\\f".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0..<0x20:
            bytes.append(contentsOf: "\\u00".utf8)
            for digit in [byte >> 4, byte & 0xF] { bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
        default:
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        }
    }

    /// Undoes the escapes of what stands between the quotes.
    ///
    /// - Parameter escaped: bytes that a `JSONCursor` has walked over as a string, so that every escape is whole.
    static func unescape(_ escaped: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(escaped.count)
        var index = 0
        while index < escaped.count {
            guard escaped[index] == UInt8(ascii: "\\"), index + 1 < escaped.count else {
                bytes.append(escaped[index])
                index += 1
                continue
            }
            let letter = escaped[index + 1]
            index += 2
            switch letter {
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0C)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "u"):
                let (scalar, count) = scalar(escaped, at: index)
                bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                index += count
            default: bytes.append(letter)
            }
        }
        return bytes
    }

    /// The scalar whose hex digits start here, and how many bytes they take: 4, or 10 for a surrogate pair.
    private static func scalar(_ escaped: Span<UInt8>, at index: Int) -> (Unicode.Scalar, Int) {
        let unit = JSONCursor.hexUnit(escaped, at: index) ?? 0xFFFD
        if let scalar = Unicode.Scalar(unit) { return (scalar, 4) }
        let low = JSONCursor.hexUnit(escaped, at: index + 6) ?? 0xDC00
        let code = 0x10000 + (unit & 0x3FF) << 10 + (low & 0x3FF)
        return (Unicode.Scalar(code) ?? "\u{FFFD}", 10)
    }
}
