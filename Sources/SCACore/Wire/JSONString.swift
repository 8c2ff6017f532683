/// JSON strings: writing them, and undoing their escapes.
enum JSONString {
    /// Appends the text in quotes. Only `"`, `\` and bytes below 0x20 are escaped; all else is UTF-8 as it is.
    static func appendQuoted(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        appendEscaped(text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends the text as it stands between the quotes.
    static func appendEscaped(_ text: String, to bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + text.utf8.count + 2)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x20...: bytes.append(byte)
            case 0x08: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "b")])
            case 0x09: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
            case 0x0A: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            case 0x0C: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "f")])
            case 0x0D: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
            default:
                bytes.append(contentsOf: "\\u00".utf8)
                for digit in [byte >> 4, byte & 0xF] { bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
            }
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
