/// Makes other people's text harmless and readable: what a terminal would obey, or nobody would see, is shown instead.
///
/// Shown escaped are controls (`\x1b`) and the characters of `HiddenCharacters` (`\u{202e}`). All else is left alone: emoji
/// need their joiners, names their marks.
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
        var hidden = HiddenCharacters()
        var scalars = text.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            let isHidden = hidden.contains(scalar, before: scalars)
            switch (scalar, layout) {
            case ("\n", .lines(let indent)): shown += "\n" + String(repeating: " ", count: indent)
            case ("\r", .lines) where scalars.first == "\n": break
            case ("\t", .lines): shown += "\t"
            case ("\n", .oneLine): shown += "\\n"
            case ("\t", .oneLine): shown += "\\t"
            case ("\r", _): shown += "\\r"
            default:
                if scalar.isControl {
                    shown += (scalar.value < 0x10 ? "\\x0" : "\\x") + String(scalar.value, radix: 16)
                } else if isHidden {
                    shown += "\\u{" + String(scalar.value, radix: 16) + "}"
                } else {
                    shown.unicodeScalars.append(scalar)
                }
            }
        }
        return shown
    }

    /// Escapes in JSON what JSON lets pass and a terminal obeys, or nobody sees. All of it can only be inside strings.
    static func escapingControls(inJSON bytes: [UInt8]) -> [UInt8] {
        if bytes.allSatisfy({ $0 < 0x7F }) { return bytes }
        var escaped: [UInt8] = []
        var hidden = HiddenCharacters()
        var scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            let isHidden = hidden.contains(scalar, before: scalars)
            guard scalar.value >= 0x7F, scalar.isControl || isHidden else {
                escaped.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                continue
            }
            for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
                let digits = String(unit, radix: 16)
                escaped.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            }
        }
        return escaped
    }
}

extension Unicode.Scalar {
    /// C0, DEL, C1.
    fileprivate var isControl: Bool { value < 0x20 || (0x7F..<0xA0).contains(value) }
}
