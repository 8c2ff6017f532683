/// Cuts a stream of bytes into records at a separator, however the stream is cut into blocks.
///
/// The bytes are kept as they are, a CR before the newline too; only the separator goes. What follows the last
/// separator is a record as well, unless it is empty. A record over the limit is dropped as it comes, so that memory stays
/// bounded, and reported in its place, at once: its end may never come.
struct RecordSplitter {
    struct Record: Hashable, Sendable {
        /// From 1, empty records counted.
        var number: Int
        /// Nil if it was over the limit.
        var bytes: [UInt8]?
    }

    private let separator: UInt8
    private let limit: Int
    private var number = 1
    private var pending: [UInt8] = []
    private var isOverLimit = false
    private var isReported = false

    /// - Parameters:
    ///   - separator: a newline, or NUL.
    ///   - limit: the most bytes that a record may have.
    init(separator: UInt8, limit: Int) {
        self.separator = separator
        self.limit = limit
    }

    /// Takes the next block and returns the records that it completes.
    mutating func append(_ block: [UInt8]) -> [Record] {
        var records: [Record] = []
        var rest = block[...]
        while let end = rest.firstIndex(of: separator) {
            collect(rest[..<end])
            if let record = complete() { records.append(record) }
            rest = rest[(end + 1)...]
        }
        collect(rest)
        if isOverLimit, !isReported {
            records.append(Record(number: number, bytes: nil))
            isReported = true
        }
        return records
    }

    /// The last record, if the stream did not end with a separator.
    mutating func finish() -> Record? {
        pending.isEmpty ? nil : complete()
    }

    private mutating func collect(_ bytes: ArraySlice<UInt8>) {
        isOverLimit = isOverLimit || bytes.count > limit - pending.count
        if isOverLimit { pending.removeAll() } else { pending.append(contentsOf: bytes) }
    }

    /// - Returns: nil if it was reported before its end.
    private mutating func complete() -> Record? {
        defer {
            number += 1
            pending.removeAll(keepingCapacity: true)
            (isOverLimit, isReported) = (false, false)
        }
        return isReported ? nil : Record(number: number, bytes: isOverLimit ? nil : pending)
    }
}
