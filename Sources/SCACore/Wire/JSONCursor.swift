/// Walks over JSON bytes without building anything: the scanner beneath both frame decoders.
///
/// It is strict (RFC 8259), never recurses and never traps. A string is checked as it is walked over:
/// escapes, surrogate pairs, no bare control bytes; its length after unescaping comes out of the same
/// pass. UTF-8 itself is checked once for the whole frame, by the decoder. Nesting deeper than
/// `maximumDepth` is refused. Rejected: `JSONDecoder` (2 µs a frame, 40 times the cost).
struct JSONCursor {
    /// What went wrong and where; becomes the message of an `invalid_frame`.
    struct Failure: Error, Equatable {
        let what: String
        let position: Int
    }

    /// A value that was walked over: its kind, and where its bytes lie (a string's without the quotes).
    struct Value: Equatable {
        enum Kind { case string, number, object, array, literal }
        let kind: Kind
        let range: Range<Int>
        /// A string's length in bytes of UTF-8 once its escapes are undone; 0 for other kinds.
        var unescapedCount = 0

        var hasEscapes: Bool { kind == .string && unescapedCount != range.count }
    }

    static let maximumDepth = 32

    var position = 0

    init(at position: Int = 0) {
        self.position = position
    }

    mutating func skipBlanks(_ bytes: Span<UInt8>) {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    /// Skips blanks and takes the byte if it comes next.
    mutating func take(_ byte: Unicode.Scalar, _ bytes: Span<UInt8>) -> Bool {
        skipBlanks(bytes)
        guard position < bytes.count, bytes[position] == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    mutating func expect(_ byte: Unicode.Scalar, _ bytes: Span<UInt8>) throws(Failure) {
        guard take(byte, bytes) else { throw failure("expected '\(byte)'") }
    }

    func failure(_ what: String) -> Failure { Failure(what: what, position: position) }

    /// Walks over the members of an object: `member` gets each key and must take its value.
    mutating func object(
        _ bytes: Span<UInt8>,
        member: (inout JSONCursor, Value) throws(Failure) -> Void
    ) throws(Failure) {
        try expect("{", bytes)
        if take("}", bytes) { return }
        repeat {
            skipBlanks(bytes)
            let key = try string(bytes)
            try expect(":", bytes)
            try member(&self, key)
        } while take(",", bytes)
        try expect("}", bytes)
    }

    /// Walks over the elements of an array: `element` must take each.
    mutating func array(
        _ bytes: Span<UInt8>,
        element: (inout JSONCursor) throws(Failure) -> Void
    ) throws(Failure) {
        try expect("[", bytes)
        if take("]", bytes) { return }
        repeat { try element(&self) } while take(",", bytes)
        try expect("]", bytes)
    }

    /// Walks over one value of any kind.
    mutating func value(_ bytes: Span<UInt8>) throws(Failure) -> Value {
        skipBlanks(bytes)
        guard position < bytes.count else { throw failure("the text ends where a value should be") }
        switch bytes[position] {
        case UInt8(ascii: "\""): return try string(bytes)
        case UInt8(ascii: "{"), UInt8(ascii: "["): return try container(bytes)
        case UInt8(ascii: "-"), 0x30...0x39: return try number(bytes)
        default: return try literal(bytes)
        }
    }

    /// Walks over a string, the opening quote included.
    mutating func string(_ bytes: Span<UInt8>) throws(Failure) -> Value {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
            throw failure("expected a string")
        }
        position += 1
        let start = position
        var saved = 0
        while true {
            skipPlain(bytes)
            guard position < bytes.count else { break }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let end = position
                position += 1
                return Value(kind: .string, range: start..<end, unescapedCount: end - start - saved)
            case UInt8(ascii: "\\"):
                saved += try escape(bytes)
            case 0..<0x20:
                throw failure("a bare control byte in a string")
            default:
                position += 1
            }
        }
        throw failure("a string without its closing quote")
    }

    /// Passes bytes that mean nothing but themselves in a string, by words and, if there are many, by blocks; fewer than a word are
    /// looked at byte by byte.
    private mutating func skipPlain(_ bytes: Span<UInt8>) {
        let raw = bytes.bytes
        var (words, mayBeLong) = (0, true)
        while raw.byteCount - position >= 8 {
            // Any bit pattern is a number, and the loads check their bounds.
            let word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
            let quote = word ^ Self.quotes
            let backslash = word ^ Self.backslashes
            // The top bit of a byte is set if it is below 0x20 or was the one that was sought; perhaps also behind such a one, so only the
            // first counts.
            let special =
                ((word &- Self.blanks) & ~word | (quote &- Self.ones) & ~quote
                    | (backslash &- Self.ones) & ~backslash) & Self.tops
            guard special == 0 else { return position += special.trailingZeroBitCount / 8 }
            position += 8
            words += 1
            if words > 1, mayBeLong {
                skipPlainBlocks(raw)
                mayBeLong = false
            }
        }
    }

    private mutating func skipPlainBlocks(_ raw: RawSpan) {
        let ones = SIMD4(repeating: Self.ones)
        while raw.byteCount - position >= 32 {
            let block = raw.unsafeLoadUnaligned(fromByteOffset: position, as: SIMD4<UInt64>.self)
            let quote = block ^ SIMD4(repeating: Self.quotes)
            let backslash = block ^ SIMD4(repeating: Self.backslashes)
            let special =
                (block &- SIMD4(repeating: Self.blanks)) & ~block | (quote &- ones) & ~quote
                | (backslash &- ones) & ~backslash
            guard special & SIMD4(repeating: Self.tops) == .zero else { return }
            position += 32
        }
    }

    /// In each byte a one, the top bit, a blank, a quote, a backslash.
    private static var ones: UInt64 { 0x0101_0101_0101_0101 }
    private static var tops: UInt64 { 0x8080_8080_8080_8080 }
    private static var blanks: UInt64 { 0x2020_2020_2020_2020 }
    private static var quotes: UInt64 { 0x2222_2222_2222_2222 }
    private static var backslashes: UInt64 { 0x5C5C_5C5C_5C5C_5C5C }

    /// Walks over one escape, a whole surrogate pair if it is one; returns by how many bytes its UTF-8 is shorter.
    private mutating func escape(_ bytes: Span<UInt8>) throws(Failure) -> Int {
        guard position + 1 < bytes.count else { throw failure("an unfinished escape") }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
            return 1
        case UInt8(ascii: "u"):
            let unit = try hexUnit(bytes)
            switch unit {
            case 0..<0x80: return 5
            case 0x80..<0x800: return 4
            case 0xD800..<0xDC00:
                guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                    bytes[position + 1] == UInt8(ascii: "u"), case 0xDC00..<0xE000 = try hexUnit(bytes)
                else { throw failure("a surrogate without its pair") }
                return 8
            case 0xDC00..<0xE000: throw failure("a surrogate without its pair")
            default: return 3
            }
        default: throw failure("an unknown escape")
        }
    }

    /// Takes `\uXXXX`.
    private mutating func hexUnit(_ bytes: Span<UInt8>) throws(Failure) -> UInt32 {
        guard let unit = Self.hexUnit(bytes, at: position + 2) else { throw failure("\\u without four hex digits") }
        position += 6
        return unit
    }

    /// The four hex digits at a place; nil if they are not there.
    static func hexUnit(_ bytes: Span<UInt8>, at start: Int) -> UInt32? {
        guard start + 4 <= bytes.count else { return nil }
        var unit: UInt32 = 0
        for index in start..<start + 4 {
            let digit: UInt8
            switch bytes[index] {
            case let byte where byte >= 0x30 && byte <= 0x39: digit = byte - 0x30
            case let byte where byte | 0x20 >= 0x61 && byte | 0x20 <= 0x66: digit = (byte | 0x20) - 0x57
            default: return nil
            }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    private mutating func number(_ bytes: Span<UInt8>) throws(Failure) -> Value {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let integerStart = position
        guard digits(bytes) > 0 else { throw failure("a number without digits") }
        if bytes[integerStart] == UInt8(ascii: "0"), position > integerStart + 1 {
            throw failure("a number with a leading zero")
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            guard digits(bytes) > 0 else { throw failure("a number without digits after its point") }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            guard digits(bytes) > 0 else { throw failure("a number without digits in its exponent") }
        }
        return Value(kind: .number, range: start..<position)
    }

    private mutating func digits(_ bytes: Span<UInt8>) -> Int {
        let start = position
        while position < bytes.count, bytes[position] &- 0x30 <= 9 { position += 1 }
        return position - start
    }

    private mutating func literal(_ bytes: Span<UInt8>) throws(Failure) -> Value {
        for word: StaticString in ["true", "false", "null"] where position + word.utf8CodeUnitCount <= bytes.count {
            let matches = word.withUTF8Buffer { letters in
                letters.indices.allSatisfy { bytes[position + $0] == letters[$0] }
            }
            if matches {
                let start = position
                position += word.utf8CodeUnitCount
                return Value(kind: .literal, range: start..<position)
            }
        }
        throw failure("expected a value")
    }

    /// Walks over an array or object of any depth up to the limit, with a stack of one bit a level.
    private mutating func container(_ bytes: Span<UInt8>) throws(Failure) -> Value {
        let start = position
        let kind: Value.Kind = bytes[position] == UInt8(ascii: "{") ? .object : .array
        var isObject: UInt64 = 0
        var depth = 0
        repeat {
            // Here a value is due.
            if take("{", bytes) || take("[", bytes) {
                let object = bytes[position - 1] == UInt8(ascii: "{")
                depth += 1
                guard depth <= Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth)") }
                isObject = isObject << 1 | (object ? 1 : 0)
                if !take(object ? "}" : "]", bytes) {
                    if object { try key(bytes) }
                    continue
                }
                isObject >>= 1
                depth -= 1
            } else {
                _ = try value(bytes)
            }
            // Here a value is done: close what ends, up to the next comma.
            while depth > 0, !take(",", bytes) {
                try expect(isObject & 1 == 1 ? "}" : "]", bytes)
                isObject >>= 1
                depth -= 1
            }
            if depth > 0, isObject & 1 == 1 { try key(bytes) }
        } while depth > 0
        return Value(kind: kind, range: start..<position)
    }

    private mutating func key(_ bytes: Span<UInt8>) throws(Failure) {
        skipBlanks(bytes)
        _ = try string(bytes)
        try expect(":", bytes)
    }
}
