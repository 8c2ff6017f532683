internal import Glibc

/// Walking a file by lines, forward or backward, in blocks.
///
/// A line longer than `HistoryRow.longestLine` is handed over as an empty one: neither is a row, and a file of
/// garbage without a newline takes no memory. A file that is cut while it is read simply ends there. With a `LineHint` lines that
/// nobody wants are passed over, and most blocks have only such.
extension OpenFile {
    /// How much is read at a time, in bytes.
    static let blockSize = 128 * 1024

    /// Calls `body` with each line that ends before `end`, first to last, without its newline.
    ///
    /// - Parameters:
    ///   - start: the offset of the first byte of a line.
    ///   - hint: which lines are enough; nil for all of them.
    ///   - body: returns false to stop.
    /// - Returns: the offset after the last line that was handed over, or passed over.
    func forEachLine(
        from start: Int64,
        to end: Int64,
        blockSize: Int = OpenFile.blockSize,
        hint: LineHint? = nil,
        _ body: (Span<UInt8>) -> Bool
    ) throws(SystemError) -> Int64 {
        var hint = hint
        var position = start
        var handedOver = start
        var buffer = [UInt8](repeating: 0, count: Int(min(Int64(blockSize), max(0, end - start))))
        var held = 0  // how much of it is the beginning of a line
        var isOverlong = false
        while position < end {
            let wanted = Int(min(Int64(blockSize), end - position))
            if buffer.count < held + wanted {
                buffer += [UInt8](repeating: 0, count: held + wanted - buffer.count)
            }
            let got = try read(wanted, at: position, into: &buffer, from: held)
            guard got > 0 else { break }
            position += Int64(got)
            let filled = held + got
            let walk = Self.walk(buffer.span.extracting(..<filled), searched: held, &isOverlong, &hint, body)
            held = filled - walk.rest
            if walk.rest > 0 { handedOver = position - Int64(held) }
            guard walk.goesOn else { break }
            if held > HistoryRow.longestLine {
                isOverlong = true
                held = 0
            } else if walk.rest > 0 {
                buffer.withUnsafeMutableBytes { bytes in
                    _ = bytes.baseAddress.map { memmove($0, $0 + walk.rest, held) }
                }
            }
        }
        return handedOver
    }

    /// Calls `body` with the lines that end in a block.
    ///
    /// - Parameters:
    ///   - searched: up to where there is no newline.
    ///   - isOverlong: whether the block begins within a line that is too long.
    /// - Returns: where the first line begins that was not handed over or passed over, and whether `body` wants more.
    private static func walk(
        _ block: Span<UInt8>,
        searched: Int,
        _ isOverlong: inout Bool,
        _ hint: inout LineHint?,
        _ body: (Span<UInt8>) -> Bool
    ) -> (rest: Int, goesOn: Bool) {
        hint?.begin(block)
        var lineStart = 0
        var searched = searched
        while true {
            if hint != nil, !isOverlong {
                let place = hint?.next(in: block, from: lineStart)
                let passed = block.extracting(lineStart..<(place ?? block.count))
                if let newline = lastNewline(in: passed) { lineStart += newline + 1 }
                guard let place else { return (lineStart, true) }
                searched = max(searched, place)
            }
            guard let newline = newline(in: block, from: searched) else { return (lineStart, true) }
            let goesOn = body(block.extracting(isOverlong ? 0..<0 : lineStart..<newline))
            isOverlong = false
            lineStart = newline + 1
            searched = lineStart
            guard goesOn else { return (lineStart, false) }
        }
    }

    /// Calls `body` with each line before `end`, last to first, without its newline.
    ///
    /// - Parameters:
    ///   - end: the offset after a newline, or 0.
    ///   - hint: which lines are enough; nil for all of them.
    ///   - body: returns false to stop.
    func forEachLineBackward(
        before end: Int64,
        blockSize: Int = OpenFile.blockSize,
        hint: LineHint? = nil,
        _ body: (Span<UInt8>) -> Bool
    ) throws(SystemError) {
        guard end > 0 else { return }
        var hint = hint
        var position = end - 1
        var rest = [UInt8]()  // what is already read of the line whose start is being looked for
        var isOverlong = false
        while position > 0 {
            let count = Int(min(Int64(blockSize), position))
            var block = try read(count, at: position - Int64(count))
            guard block.count == count else { return }
            position -= Int64(count)
            block.append(contentsOf: rest)
            var lineEnd = block.count
            var searched = count
            if !isOverlong, let first = Self.newline(in: block.span, from: 0) {
                if let lines = hint?.lines(of: block.span, from: first + 1) {
                    for line in lines.reversed() where !body(block.span.extracting(line)) { return }
                    (lineEnd, searched) = (first, 0)
                }
            }
            while let newline = Self.lastNewline(in: block.span.extracting(..<searched)) {
                let line = isOverlong ? 0..<0 : newline + 1..<lineEnd
                isOverlong = false
                guard body(block.span.extracting(line)) else { return }
                lineEnd = newline
                searched = newline
            }
            block.removeLast(block.count - lineEnd)
            if block.count > HistoryRow.longestLine {
                isOverlong = true
                block.removeAll()
            }
            rest = block
        }
        _ = body(rest.span.extracting(isOverlong ? 0..<0 : 0..<rest.count))
    }

    /// The offset after the last newline before `size`; 0 if there is none.
    func lastLineEnd(before size: Int64, blockSize: Int = OpenFile.blockSize) throws(SystemError) -> Int64 {
        // Most files end in one.
        guard size > 0, try read(1, at: size - 1) != [0x0A] else { return size }
        var position = size
        while position > 0 {
            let count = Int(min(Int64(blockSize), position))
            position -= Int64(count)
            let block = try read(count, at: position)
            if let newline = Self.lastNewline(in: block.span) { return position + Int64(newline) + 1 }
        }
        return 0
    }

    static func newline(in bytes: Span<UInt8>, from start: Int) -> Int? {
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress, start < buffer.count else { return nil }
            return memchr(base + start, 0x0A, buffer.count - start).map { UnsafeRawPointer($0) - base }
        }
    }

    static func lastNewline(in bytes: Span<UInt8>) -> Int? {
        var index = bytes.count - 1
        while index >= 0, bytes[index] != 0x0A { index -= 1 }
        return index < 0 ? nil : index
    }
}
