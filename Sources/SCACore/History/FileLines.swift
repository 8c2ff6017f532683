internal import Glibc

/// Walking a file by lines, forward or backward, in blocks.
///
/// A line longer than `HistoryRow.longestLine` is handed over as an empty one: neither is a row, and a file of
/// garbage without a newline takes no memory. A file that is cut while it is read simply ends there.
extension OpenFile {
    /// How much is read at a time, in bytes.
    static let blockSize = 128 * 1024

    /// Calls `body` with each line that ends before `end`, first to last, without its newline.
    ///
    /// - Parameters:
    ///   - start: the offset of the first byte of a line.
    ///   - body: returns false to stop.
    /// - Returns: the offset after the last line that was handed over.
    func forEachLine(
        from start: Int64,
        to end: Int64,
        blockSize: Int = OpenFile.blockSize,
        _ body: (Span<UInt8>) -> Bool
    ) throws(SystemError) -> Int64 {
        var position = start
        var handedOver = start
        var buffer = [UInt8]()
        var isOverlong = false
        while position < end {
            let held = buffer.count
            buffer.append(contentsOf: try read(Int(min(Int64(blockSize), end - position)), at: position))
            guard buffer.count > held else { break }
            position += Int64(buffer.count - held)
            var lineStart = 0
            var searched = held
            while let newline = Self.newline(in: buffer.span, from: searched) {
                let line = isOverlong ? 0..<0 : lineStart..<newline
                let goesOn = body(buffer.span.extracting(line))
                isOverlong = false
                lineStart = newline + 1
                searched = lineStart
                handedOver = position - Int64(buffer.count - lineStart)
                guard goesOn else { return handedOver }
            }
            buffer.removeSubrange(..<lineStart)
            if buffer.count > HistoryRow.longestLine {
                isOverlong = true
                buffer.removeAll(keepingCapacity: true)
            }
        }
        return handedOver
    }

    /// Calls `body` with each line before `end`, last to first, without its newline.
    ///
    /// - Parameters:
    ///   - end: the offset after a newline, or 0.
    ///   - body: returns false to stop.
    func forEachLineBackward(
        before end: Int64,
        blockSize: Int = OpenFile.blockSize,
        _ body: (Span<UInt8>) -> Bool
    ) throws(SystemError) {
        guard end > 0 else { return }
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
        var position = size
        while position > 0 {
            let count = Int(min(Int64(blockSize), position))
            position -= Int64(count)
            let block = try read(count, at: position)
            if let newline = Self.lastNewline(in: block.span) { return position + Int64(newline) + 1 }
        }
        return 0
    }

    private static func newline(in bytes: Span<UInt8>, from start: Int) -> Int? {
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress, start < buffer.count else { return nil }
            return memchr(base + start, 0x0A, buffer.count - start).map { UnsafeRawPointer($0) - base }
        }
    }

    private static func lastNewline(in bytes: Span<UInt8>) -> Int? {
        var index = bytes.count - 1
        while index >= 0, bytes[index] != 0x0A { index -= 1 }
        return index < 0 ? nil : index
    }
}
