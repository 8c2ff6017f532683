internal import NIOHTTP1

/// Reads the list of addresses that proxies leave in a request, in both of its forms; pure and strict.
///
/// The list is made of all lines of that name in their order (RFC 9110 5.3). Each element becomes an address, or
/// nil if it names none. A port is dropped: it is the client's own choice. Bytes are compared, not `Character`s: some
/// scalars join with the comma behind them into one of those.
enum ForwardedAddresses {
    private typealias Text = ArraySlice<UInt8>

    private static let comma = UInt8(ascii: ",")
    private static let colon = UInt8(ascii: ":")
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    static func read(_ header: TrustedProxies.Header, _ headers: HTTPHeaders) -> [IPAddress?] {
        headers[header.rawValue].flatMap { line in
            switch header {
            case .xForwardedFor: addresses(inXForwardedFor: Array(line.utf8)[...])
            case .forwarded: addresses(inForwarded: Array(line.utf8)[...])
            }
        }
    }

    private static func addresses(inXForwardedFor line: Text) -> [IPAddress?] {
        line.split(separator: comma).map(trimmed).filter { !$0.isEmpty }.map(node)
    }

    /// RFC 7239 4: `for=192.0.2.60;proto=http;by=203.0.113.43, for="[2001:db8::17]:4711"`.
    ///
    /// A line that is not well formed counts as one element without an address. Otherwise a quotation mark that a client
    /// never closed would swallow what the proxy wrote behind it, and an element further left would be believed.
    private static func addresses(inForwarded line: Text) -> [IPAddress?] {
        guard let elements = split(line, at: comma) else { return [nil] }
        return elements.map(trimmed).filter { !$0.isEmpty }.map { element in
            let pairs = split(element, at: UInt8(ascii: ";")) ?? []
            let names = pairs.map { $0.split(separator: UInt8(ascii: "="), maxSplits: 1) }.filter { parts in
                parts.count == 2 && String(decoding: trimmed(parts[0]), as: UTF8.self).lowercased() == "for"
            }
            // One element is one hop: with a second `for` in it nobody knows which is meant.
            return names.count == 1 ? unquoted(trimmed(names[0][1])).flatMap { node($0[...]) } : nil
        }
    }

    /// Splits outside of quoted strings (RFC 9110 5.6.4); nil if one is not closed.
    private static func split(_ text: Text, at separator: UInt8) -> [Text]? {
        var isQuoted = false
        var isEscaped = false
        let parts = text.split(omittingEmptySubsequences: false) { byte in
            if isEscaped {
                isEscaped = false
            } else if byte == backslash, isQuoted {
                isEscaped = true
            } else if byte == quote {
                isQuoted.toggle()
            }
            return byte == separator && !isQuoted
        }
        return isQuoted ? nil : parts
    }

    /// A token as it is, a quoted string without its marks and escapes; nil if it is neither.
    private static func unquoted(_ value: Text) -> [UInt8]? {
        guard value.contains(quote) else { return Array(value) }
        guard value.count >= 2, value.first == quote, value.last == quote else { return nil }
        var bytes: [UInt8] = []
        var isEscaped = false
        for byte in value.dropFirst().dropLast() {
            isEscaped = byte == backslash && !isEscaped
            if !isEscaped { bytes.append(byte) }
        }
        return isEscaped ? nil : bytes
    }

    /// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`; nil for names and garbage.
    private static func node(_ text: Text) -> IPAddress? {
        if text.first == UInt8(ascii: "[") {
            guard let end = text.firstIndex(of: UInt8(ascii: "]")), isPort(text[(end + 1)...]) else { return nil }
            let inner = text[text.startIndex..<end].dropFirst()
            return inner.contains(colon) ? address(inner) : nil
        }
        guard let first = text.firstIndex(of: colon), first == text.lastIndex(of: colon) else { return address(text) }
        return isPort(text[first...]) ? address(text[..<first]) : nil
    }

    private static func address(_ text: Text) -> IPAddress? {
        IPAddress(String(decoding: text, as: UTF8.self))
    }

    /// Nothing, or a colon and 1 to 5 digits, or a made-up name (`:_x`, RFC 7239 6.2).
    private static func isPort(_ text: Text) -> Bool {
        guard let first = text.first else { return true }
        let port = text.dropFirst()
        guard first == colon, let start = port.first else { return false }
        return start == UInt8(ascii: "_") || port.count <= 5 && port.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func trimmed(_ text: Text) -> Text {
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        guard let last = text.lastIndex(where: { !isBlank($0) }) else { return [] }
        return text[...last].drop(while: isBlank)
    }
}
