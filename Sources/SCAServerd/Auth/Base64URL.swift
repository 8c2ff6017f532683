internal import FoundationEssentials

/// Base64 for addresses and tokens: `-` and `_` for `+` and `/`, no padding (RFC 4648, section 5; RFC 7515, section 2).
enum Base64URL {
    static func encode(_ bytes: some DataProtocol) -> String {
        let plain = Data(bytes).base64EncodedString().utf8.filter { $0 != UInt8(ascii: "=") }
        return String(decoding: plain.map { swap($0, "+/", "-_") }, as: UTF8.self)
    }

    /// - Returns: nil if it is anything else: the other alphabet, padding, blanks.
    static func decode(_ text: some StringProtocol) -> Data? {
        guard !text.utf8.contains(where: { "+/=".utf8.contains($0) }) else { return nil }
        let plain = text.utf8.map { swap($0, "-_", "+/") }
        let padding = [UInt8](repeating: UInt8(ascii: "="), count: (4 - plain.count % 4) % 4)
        return padding.count == 3 ? nil : Data(base64Encoded: Data(plain + padding))
    }

    private static func swap(_ byte: UInt8, _ from: StaticString, _ to: StaticString) -> UInt8 {
        for index in 0..<from.utf8CodeUnitCount where from.utf8Start[index] == byte { return to.utf8Start[index] }
        return byte
    }
}
