/// Makes other people's text harmless and readable: what a terminal would obey is shown instead.
///
/// Shown escaped: C0 controls, DEL and the C1 controls (`\x1b`), the characters that turn the direction of text or
/// break lines unseen (`\u{202e}`). All else is left alone: emoji need their joiners, names their marks.
enum TextSanitizer {
    /// What becomes of line breaks and tabs.
    enum Layout: Hashable, Sendable {
        /// For a terminal: kept; each further line begins with that many blanks. CR LF is one line break.
        case lines(indent: Int)
        /// For a pipe: shown as `\n`, `\r` and `\t`, so that one row stays one line.
        case oneLine
    }

    static func sanitized(_ text: String, _ layout: Layout) -> String {
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        var shown = ""
        var scalars = text.unicodeScalars.makeIterator()
        var next = scalars.next()
        while let scalar = next {
            next = scalars.next()
            switch (scalar, layout) {
            case ("\n", .lines(let indent)): shown += "\n" + String(repeating: " ", count: indent)
            case ("\r", .lines) where next == "\n": break
            case ("\t", .lines): shown += "\t"
            case ("\n", .oneLine): shown += "\\n"
            case ("\t", .oneLine): shown += "\\t"
            case ("\r", _): shown += "\\r"
            default:
                if let escape = escape(of: scalar) { shown += escape } else { shown.unicodeScalars.append(scalar) }
            }
        }
        return shown
    }

    /// Escapes in JSON what JSON lets pass and a terminal obeys. All of it can only be inside strings.
    static func escapingControls(inJSON bytes: [UInt8]) -> [UInt8] {
        if bytes.allSatisfy({ $0 < 0x7F }) { return bytes }
        var escaped: [UInt8] = []
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            if scalar.value >= 0x7F, escape(of: scalar) != nil {
                let digits = String(scalar.value, radix: 16)
                escaped.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            } else {
                escaped.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        return escaped
    }

    /// How a scalar is shown that must not reach a terminal; nil for the others.
    private static func escape(of scalar: Unicode.Scalar) -> String? {
        switch scalar.value {
        case 0..<0x10: "\\x0" + String(scalar.value, radix: 16)
        case 0x10..<0x20, 0x7F..<0xA0: "\\x" + String(scalar.value, radix: 16)
        // Arabic letter mark; left-to-right and right-to-left marks, embeddings, overrides, isolates; line and
        // paragraph separator; interlinear annotation.
        case 0x61C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFFF9...0xFFFB:
            "\\u{" + String(scalar.value, radix: 16) + "}"
        default: nil
        }
    }
}
