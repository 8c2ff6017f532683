/// A user's number, which is also the user's name: 10 to 32 ASCII digits, leading zeros kept.
///
/// Sixteen bytes and no heap: four bits a digit from the most significant end, the unused ones filled
/// with ones. So equal numbers are equal bits, hashing is two words, and the order of the bits is the
/// order of the digits (`Comparable`), with a number before its own prefixes.
public struct Mobile: Hashable, Sendable {
    /// How many digits a mobile may have.
    public static let digitCount = 10...32

    let high: UInt64
    let low: UInt64

    /// Reads a mobile from ASCII digits.
    ///
    /// - Parameter ascii: the whole number, without blanks, signs or a leading `+`.
    /// - Returns: nil if there are fewer than 10 or more than 32 bytes, or one is not a digit.
    public init?(ascii: Span<UInt8>) {
        guard Self.digitCount.contains(ascii.count) else { return nil }
        guard let high = Self.word(ascii.extracting(first: 16)),
            let low = Self.word(ascii.extracting(droppingFirst: 16))
        else { return nil }
        self.high = high
        self.low = low
    }

    /// Up to sixteen digits from the top of a word, the rest of it ones; nil if one is no digit.
    private static func word(_ ascii: Span<UInt8>) -> UInt64? {
        var word: UInt64 = 0
        for index in 0..<ascii.count {
            let digit = ascii[index] &- 0x30
            guard digit <= 9 else { return nil }
            word = word << 4 | UInt64(digit)
        }
        // Shifts by the whole width leave nothing, as it must be.
        let unused = UInt64(64 - 4 * ascii.count)
        return word << unused | ~(UInt64.max << unused)
    }

    /// Reads a mobile from text; nil if it is not one.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        self.init(ascii: bytes.span)
    }

    /// How many digits this mobile has, 10 to 32.
    public var count: Int {
        let unused = low == .max ? 16 + Self.filledNibbles(high) : Self.filledNibbles(low)
        return 32 - unused
    }

    /// Calls `body` with each digit as an ASCII byte, in order.
    @inline(__always)
    public func forEachASCIIDigit(_ body: (UInt8) -> Void) {
        for index in 0..<count {
            let word = index < 16 ? high : low
            body(UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (index & 15))) & 0xF | 0x30)
        }
    }

    /// The number with all but the first and last two digits hidden, for logs: `98******10`.
    public var masked: String {
        let digits = description
        return digits.prefix(2) + String(repeating: "*", count: digits.count - 4) + digits.suffix(2)
    }

    private static func filledNibbles(_ word: UInt64) -> Int {
        (~word).trailingZeroBitCount / 4
    }
}

extension Mobile: CustomStringConvertible {
    /// The digits.
    public var description: String {
        var text = ""
        text.reserveCapacity(count)
        forEachASCIIDigit { text.unicodeScalars.append(Unicode.Scalar($0)) }
        return text
    }
}

extension Mobile: Comparable {
    /// Orders by the digits from the left; a number comes before its own prefixes.
    public static func < (left: Mobile, right: Mobile) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}
