internal import Glibc

/// A text that every wanted line has in it, and where in a block of lines the next one may be. A value for one walk over a file.
///
/// Lines without it are passed over at the speed of `memchr`, not cut out and looked at one by one. What is looked for is the byte
/// of the text that is rarest in the first few kilobytes of the file. A line that is escaped more than ours are (`\u00e9`, `\/`:
/// another program wrote it) may have the text all the same, and so is one of these, too.
struct LineHint {
    /// How many bytes tell which ones are rare.
    private static let sample = 4096

    private let text: [UInt8]
    /// Which byte of `text` is looked for; nil until a block was seen.
    private var anchor: Int?
    /// Where the next text and the next escape of the block are; the largest number if there is none.
    private var textAt = -1
    private var escapeAt = -1

    /// - Parameter text: as it stands in the line, at least one byte.
    init(_ text: [UInt8]) {
        self.text = text
    }

    /// Says that `next` is about other bytes from here on.
    mutating func begin(_ block: Span<UInt8>) {
        (textAt, escapeAt) = (-1, -1)
        guard anchor == nil else { return }
        var counts = [Int](repeating: 0, count: 256)
        for index in 0..<min(block.count, Self.sample) { counts[Int(block[index])] += 1 }
        anchor = text.indices.min { counts[Int(text[$0])] < counts[Int(text[$1])] }
    }

    /// The first byte from `start` on that makes its line worth a look; nil if none does. `start` never goes back.
    mutating func next(in block: Span<UInt8>, from start: Int) -> Int? {
        block.withUnsafeBytes { bytes in
            if textAt < start { textAt = findText(in: bytes, from: start) }
            if escapeAt < start { escapeAt = Self.findEscape(in: bytes, from: start) }
        }
        let next = min(textAt, escapeAt)
        return next == .max ? nil : next
    }

    /// Where all lines are that are worth a look.
    ///
    /// - Parameters:
    ///   - block: ends where a line does, without its newline.
    ///   - start: where a line begins.
    mutating func lines(of block: Span<UInt8>, from start: Int) -> [Range<Int>] {
        begin(block)
        var lines: [Range<Int>] = []
        var start = start
        while start < block.count, let place = next(in: block, from: start) {
            if let newline = OpenFile.lastNewline(in: block.extracting(start..<place)) { start += newline + 1 }
            let end = OpenFile.newline(in: block, from: place) ?? block.count
            lines.append(start..<end)
            start = end + 1
        }
        return lines
    }

    private func findText(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard let base = bytes.baseAddress, let anchor else { return .max }
        var place = start + anchor
        // The last place that this byte can have in a text that ends with the block.
        let end = bytes.count - text.count + anchor + 1
        while place < end, let found = memchr(base + place, Int32(text[anchor]), end - place) {
            place = UnsafeRawPointer(found) - base
            if memcmp(base + place - anchor, text, text.count) == 0 { return place - anchor }
            place += 1
        }
        return .max
    }

    private static func findEscape(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard let base = bytes.baseAddress else { return .max }
        var place = start
        while place < bytes.count, let found = memchr(base + place, 0x5C, bytes.count - place) {
            place = UnsafeRawPointer(found) - base
            // At the end of the block nobody knows what follows.
            if place + 1 == bytes.count || bytes[place + 1] == UInt8(ascii: "u")
                || bytes[place + 1] == UInt8(ascii: "/")
            {
                return place
            }
            // A backslash that is escaped itself begins nothing.
            place += 2
        }
        return .max
    }
}
