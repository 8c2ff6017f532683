/// The name a sender gives a message: 1 to 64 of `A-Z a-z 0-9 _ -`, unique per sender.
///
/// Made as a UUID version 7 (RFC 9562, section 5.7), so that ids sort by the time they were made.
public struct MessageID: Hashable, Sendable {
    /// How many characters an id may have.
    public static let length = 1...64

    /// The id as text.
    public let text: String

    /// Reads an id; nil if it is empty, longer than 64 characters, or has any other character.
    public init?(_ text: String) {
        guard Self.length.contains(text.utf8.count) else { return nil }
        for byte in text.utf8 where !Self.isAllowed(byte) { return nil }
        self.text = text
    }

    /// Reads an id from ASCII bytes; nil if it is not one.
    public init?(ascii: Span<UInt8>) {
        guard Self.length.contains(ascii.count) else { return nil }
        for index in 0..<ascii.count where !Self.isAllowed(ascii[index]) { return nil }
        self.text = String(unsafeUninitializedCapacity: ascii.count) { buffer in
            for index in 0..<ascii.count { buffer[index] = ascii[index] }
            return ascii.count
        }
    }

    /// Makes a new id, a UUID version 7 in its usual form of 36 characters.
    ///
    /// - Parameters:
    ///   - unixMilliseconds: the time, in milliseconds since 1970 UTC; the low 48 bits are used.
    ///   - generator: where the other 74 bits come from.
    public init(unixMilliseconds: Int64, using generator: inout some RandomNumberGenerator) {
        let random = generator.next() as UInt64
        let time = UInt64(bitPattern: unixMilliseconds) & 0xFFFF_FFFF_FFFF
        let high = time << 16 | 0x7000 | random & 0x0FFF
        let low = (generator.next() as UInt64) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        text = String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    buffer[position] = UInt8(ascii: "-")
                    position += 1
                }
                let word = nibble < 16 ? high : low
                let value = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (nibble & 15))) & 0xF
                buffer[position] = value < 10 ? 0x30 + value : 0x57 + value
                position += 1
            }
            return position
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
        default: false
        }
    }
}

extension MessageID: CustomStringConvertible {
    /// The id as text.
    public var description: String { text }
}
