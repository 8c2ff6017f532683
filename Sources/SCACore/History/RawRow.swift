internal import Glibc

/// Where the parts of a row are in its line, found without decoding it: the keys in our order, no blanks.
///
/// A row that another program wrote differently is not seen here (nil), and is for `JSONDecoder`. The whole line is
/// looked at, to its last byte: two rows glued together by a crash must not pass for one.
struct RawRow {
    let id: Range<Int>
    let ts: Int64
    let direction: HistoryRow.Direction
    let from: Mobile
    let to: Mobile
    let text: Range<Int>
    /// The text has a backslash, and so is not its own value.
    let textIsEscaped: Bool
    let status: DeliveryStatus?

    /// - Parameter line: a line without its newline.
    init?(_ line: Span<UInt8>) {
        var next = 0
        guard Self.skip(#"{"type":"message","id":""#, in: line, &next),
            let id = Self.plain(in: line, &next),
            Self.skip(#","ts":"#, in: line, &next),
            let ts = Self.number(in: line, &next),
            Self.skip(#","dir":""#, in: line, &next),
            let dir = Self.plain(in: line, &next),
            Self.skip(#","from":""#, in: line, &next),
            let from = Self.plain(in: line, &next),
            Self.skip(#","to":""#, in: line, &next),
            let to = Self.plain(in: line, &next),
            Self.skip(#","text":""#, in: line, &next),
            let direction = HistoryRow.Direction(rawValue: Self.ascii(line.extracting(dir))),
            let from = Mobile(ascii: line.extracting(from)),
            let to = Mobile(ascii: line.extracting(to))
        else { return nil }

        let start = next
        var textIsEscaped = false
        while next < line.count, line[next] != UInt8(ascii: "\"") {
            guard line[next] >= 0x20 else { return nil }
            if line[next] == UInt8(ascii: "\\") {
                textIsEscaped = true
                next += 1
            }
            next += 1
        }
        guard next < line.count else { return nil }
        text = start..<next
        next += 1

        if Self.skip(#","status":""#, in: line, &next) {
            guard let word = Self.plain(in: line, &next),
                let status = DeliveryStatus(rawValue: Self.ascii(line.extracting(word)))
            else { return nil }
            self.status = status
        } else {
            status = nil
        }
        guard Self.skip("}", in: line, &next), next == line.count else { return nil }
        self.id = id
        self.ts = ts
        self.direction = direction
        self.from = from
        self.to = to
        self.textIsEscaped = textIsEscaped
    }

    private static func skip(_ expected: StaticString, in line: Span<UInt8>, _ next: inout Int) -> Bool {
        let count = expected.utf8CodeUnitCount
        guard line.count - next >= count else { return false }
        let equal = line.extracting(next..<next + count).withUnsafeBytes { bytes in
            bytes.elementsEqual(UnsafeRawBufferPointer(start: expected.utf8Start, count: count))
        }
        if equal { next += count }
        return equal
    }

    /// The rest of a string of at most 64 bytes without escapes, and the quote that ends it.
    private static func plain(in line: Span<UInt8>, _ next: inout Int) -> Range<Int>? {
        let start = next
        let limit = min(line.count, start + 65)
        while next < limit, line[next] != UInt8(ascii: "\"") {
            if line[next] == UInt8(ascii: "\\") { return nil }
            next += 1
        }
        guard next < limit else { return nil }
        defer { next += 1 }
        return start..<next
    }

    /// A whole number of 1 to 18 digits; what is longer or signed is for `JSONDecoder`.
    private static func number(in line: Span<UInt8>, _ next: inout Int) -> Int64? {
        let start = next
        var value: Int64 = 0
        while next < line.count, next - start < 18, line[next] &- 0x30 <= 9 {
            value = value * 10 + Int64(line[next] - 0x30)
            next += 1
        }
        let hasLeadingZero = next > start + 1 && line[start] == 0x30
        return next == start || hasLeadingZero ? nil : value
    }

    private static func ascii(_ word: Span<UInt8>) -> String {
        word.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}
