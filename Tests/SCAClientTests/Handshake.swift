/// The server's half of the upgrade, for servers in tests: RFC 6455, section 4.2.2, and the SHA-1 (RFC 3174) that it takes.
enum Handshake {
    /// A whole 101 answer to a request.
    static func accept(_ request: String, subprotocol: String?) -> [UInt8] {
        var lines = [
            "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Accept: \(acceptKey(header("Sec-WebSocket-Key", in: request) ?? ""))",
        ]
        if let subprotocol { lines.append("Sec-WebSocket-Protocol: \(subprotocol)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// A whole answer that is no upgrade.
    static func refuse(
        _ status: Int,
        _ body: String,
        type: String = "application/json",
        retryAfter: String? = nil
    ) -> [UInt8] {
        let retry = retryAfter.map { "Retry-After: \($0)\r\n" } ?? ""
        let head = "HTTP/1.1 \(status) No\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n"
        return Array((head + retry + "\r\n" + body).utf8)
    }

    /// The value of a header; nil if the request has none.
    static func header(_ name: String, in request: String) -> String? {
        for line in request.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == name.lowercased() else { continue }
            return String(parts[1].drop { $0 == " " })
        }
        return nil
    }

    static func acceptKey(_ key: String) -> String {
        base64(sha1(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }

    private static func sha1(_ message: [UInt8]) -> [UInt8] {
        var hash: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
        var padded = message + [0x80]
        while padded.count % 64 != 56 { padded.append(0) }
        let bits = UInt64(message.count) * 8
        padded += (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * $0)) }
        for block in stride(from: 0, to: padded.count, by: 64) {
            var words = (0..<16).map { word in
                (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(padded[block + 4 * word + $1]) }
            }
            for word in 16..<80 {
                let mixed = words[word - 3] ^ words[word - 8] ^ words[word - 14] ^ words[word - 16]
                words.append(rotate(mixed, 1))
            }
            var (a, b, c, d, e) = (hash[0], hash[1], hash[2], hash[3], hash[4])
            for round in 0..<80 {
                let (mix, constant): (UInt32, UInt32) =
                    switch round {
                    case 0..<20: (b & c | ~b & d, 0x5A82_7999)
                    case 20..<40: (b ^ c ^ d, 0x6ED9_EBA1)
                    case 40..<60: (b & c | b & d | c & d, 0x8F1B_BCDC)
                    default: (b ^ c ^ d, 0xCA62_C1D6)
                    }
                let next = rotate(a, 5) &+ mix &+ e &+ constant &+ words[round]
                (a, b, c, d, e) = (next, a, rotate(b, 30), c, d)
            }
            hash = zip(hash, [a, b, c, d, e]).map { $0 &+ $1 }
        }
        return hash.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
        word << count | word >> (32 - count)
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = (0..<3).reduce(UInt32(0)) {
                $0 << 8 | (start + $1 < bytes.count ? UInt32(bytes[start + $1]) : 0)
            }
            for index in 0..<4 {
                let isPadding = start + index > bytes.count
                text.append(isPadding ? "=" : letters[Int(group >> UInt32(18 - 6 * index)) & 63])
            }
        }
        return text
    }
}
