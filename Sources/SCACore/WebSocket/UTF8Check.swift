// Whether bytes are UTF-8 (RFC 3629), judged as they come: a message may be cut anywhere, inside a character too, and a bad
// byte must fail the connection when it is seen and not when its message ends (RFC 6455, section 8.1).
//
// The whole memory between two pieces is one byte: which bytes may come next. The first continuation byte after E0, ED, F0
// and F4 has a narrower range than the others; those four states are what refuses overlong forms, surrogates and code
// points above U+10FFFF at the earliest byte. C0, C1 and F5 to FF never start a character.
//
// How it is fast. Blocks and words of ASCII, most of most messages, are passed at once. For the rest, `next(_:_:)`, the rules in
// words, is turned once into a table with a word for each byte: a state's raw value is a bit position, and the six bits there
// are the state that follows. So a byte costs a load and a shift and no branch to mispredict; a bad state stays bad, so it
// is enough to look every eight bytes.
//
// Rejected: `UTF8Span(validating:)`, which wants the whole text; a switch for each byte (a third of the speed on Cyrillic and emoji); a table
// written out in numbers, which nobody can check by reading.

/// An incremental check of UTF-8; one byte large.
public struct UTF8Check: Sendable {
    /// What may come next. Nine states of six bits: they fit a word.
    private enum State: UInt8, Sendable, CaseIterable {
        /// A new character, or the end.
        case boundary = 0
        /// One, two or three continuation bytes, 80...BF.
        case one = 6
        case two = 12
        case three = 18
        /// The narrower second byte after E0 (A0...BF), ED (80...9F), F0 (90...BF), F4 (80...8F).
        case afterE0 = 24
        case afterED = 30
        case afterF0 = 36
        case afterF4 = 42
        /// Nothing: a bad byte was seen.
        case invalid = 48
    }

    /// For each byte, at the bits of each state, the state that follows.
    private static let table: [UInt64] = (UInt8.min...UInt8.max).map { byte in
        State.allCases.reduce(0) { $0 | UInt64(next($1, byte).rawValue) << UInt64($1.rawValue) }
    }

    private static let topBits: UInt64 = 0x8080_8080_8080_8080

    private var state = State.boundary

    /// Starts a check at the beginning of a text.
    public init() {}

    /// Whether the text may end here: all of it was valid and no character is half there.
    public var isComplete: Bool { state == .boundary }

    /// Goes on with the next piece of the text. O(`bytes.count`).
    ///
    /// - Parameter bytes: The piece; may be empty, may begin and end inside a character.
    /// - Returns: False as soon as no continuation could make the text valid, and for ever after.
    public mutating func update(_ bytes: Span<UInt8>) -> Bool {
        var bits = UInt64(state.rawValue)
        var index = Self.endOfASCII(in: bytes, from: 0, bits)
        if index < bytes.count {
            let table = Self.table.span
            while index < bytes.count, bits != State.invalid.rawValue {
                let end = min(index + 8, bytes.count)
                while index < end {
                    bits = table[Int(bytes[index])] >> bits & 63
                    index += 1
                }
                index = Self.endOfASCII(in: bytes, from: index, bits)
            }
        }
        state = State(rawValue: UInt8(truncatingIfNeeded: bits)) ?? .invalid
        return state != .invalid
    }

    /// Whether `bytes` as a whole is UTF-8; empty is. O(`bytes.count`).
    public static func isValid(_ bytes: Span<UInt8>) -> Bool {
        var check = UTF8Check()
        return check.update(bytes) && check.isComplete
    }

    /// Behind the last whole word of ASCII from `index` on, or the end if there is nothing else; `index` itself inside a character.
    private static func endOfASCII(in bytes: Span<UInt8>, from index: Int, _ bits: UInt64) -> Int {
        guard bits == State.boundary.rawValue else { return index }
        let raw = bytes.bytes
        let start = index
        var index = index
        // Any bit pattern is a number, and the loads check their bounds.
        while raw.byteCount - index >= 64 {
            let block = raw.unsafeLoadUnaligned(fromByteOffset: index, as: SIMD8<UInt64>.self)
            guard block & SIMD8(repeating: Self.topBits) == .zero else { break }
            index += 64
        }
        while raw.byteCount - index >= 8 {
            let word = raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard word & Self.topBits == 0 else { return index }
            index += 8
        }
        // The last word again, with some of the bytes before it: they are ASCII.
        guard index - start >= 8,
            raw.unsafeLoadUnaligned(fromByteOffset: raw.byteCount - 8, as: UInt64.self) & Self.topBits == 0
        else { return index }
        return raw.byteCount
    }

    /// The rules: the state behind `byte`.
    private static func next(_ state: State, _ byte: UInt8) -> State {
        switch state {
        case .boundary: leading(byte)
        case .one: 0x80...0xBF ~= byte ? .boundary : .invalid
        case .two: 0x80...0xBF ~= byte ? .one : .invalid
        case .three: 0x80...0xBF ~= byte ? .two : .invalid
        case .afterE0: 0xA0...0xBF ~= byte ? .one : .invalid
        case .afterED: 0x80...0x9F ~= byte ? .one : .invalid
        case .afterF0: 0x90...0xBF ~= byte ? .two : .invalid
        case .afterF4: 0x80...0x8F ~= byte ? .two : .invalid
        case .invalid: .invalid
        }
    }

    private static func leading(_ byte: UInt8) -> State {
        switch byte {
        case 0x00...0x7F: .boundary
        case 0xC2...0xDF: .one
        case 0xE0: .afterE0
        case 0xED: .afterED
        case 0xE1...0xEF: .two
        case 0xF0: .afterF0
        case 0xF1...0xF3: .three
        case 0xF4: .afterF4
        default: .invalid
        }
    }
}
