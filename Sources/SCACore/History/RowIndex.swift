/// The rows that are already in a history file, by (from, id): what makes a second copy of a message no second row.
///
/// One hash of 128 bits a row, in a `Set`: 34 MB for a million rows, where the ids themselves would take 100. The hash
/// is SipHash with this process's random seed, finished in two ways, so that nobody can send ids that collide on purpose.
/// By chance two of a million rows do with odds of 1 to 10^27, and then the later one would be taken for a copy; with 64
/// bits it would be 1 to 10^7, too much for somebody's message.
///
/// Built from the bytes of the file by `RawRow`, without decoding, and only when a first append asks.
struct RowIndex {
    private struct Key: Hashable {
        let low: UInt64
        let high: UInt64

        init(from: Mobile, id: Span<UInt8>) {
            var hasher = Hasher()
            hasher.combine(from)
            id.withUnsafeBytes { hasher.combine(bytes: $0) }
            var second = hasher
            second.combine(1)
            low = UInt64(bitPattern: Int64(hasher.finalize()))
            high = UInt64(bitPattern: Int64(second.finalize()))
        }

        /// `low` is as random as any hash of both would be.
        func hash(into hasher: inout Hasher) { hasher.combine(low) }
    }

    /// How many rows tell how many more the rest of the file has.
    private static let sample = 4096

    private var keys: Set<Key> = []

    /// The offsets between which the file is known; the end is always the start of a line.
    private var start: Int64 = 0
    private(set) var known: Int64 = 0

    /// The last bytes before `known`. If they are others now, somebody cut the file and it has grown again since: nothing
    /// that is known is sure to be there. Enough to have the id in them, but of a long text.
    private var mark: [UInt8] = []
    private static let markSize = 512

    /// Learns the rows between `start` and `end`, the offset after a newline. Only bytes that are not known yet are
    /// read, unless those known begin behind `start` or are no longer those that were read.
    ///
    /// - Returns: false if the file is not what it was, and so was read anew.
    @discardableResult
    mutating func learn(_ file: borrowing OpenFile, from start: Int64, upTo end: Int64) throws(SystemError) -> Bool {
        var isSame = known <= end
        if isSame { isSame = try hasMark(file) }
        if !isSame || start < self.start { self = RowIndex() }
        if keys.isEmpty, known < start, start <= end { (self.start, known) = (start, start) }
        guard known < end else { return isSame }
        var keys = keys
        self.keys = []  // so that `keys` is changed in place
        let total = end - known
        var seen: Int64 = 0
        known = try file.forEachLine(from: known, to: end) { line in
            seen += Int64(line.count) + 1
            // Room for all at once, at a guess: growing by doubling would need half as much again for a moment.
            if keys.count == Self.sample, keys.capacity < 2 * Self.sample {
                keys.reserveCapacity(Int(Int64(Self.sample) * total / seen))
            }
            if let raw = RawRow(line) {
                keys.insert(Key(from: raw.from, id: line.extracting(raw.id)))
            } else if let row = HistoryRow(line: line) {
                keys.insert(Key(from: row.from, id: Array(row.id.text.utf8).span))
            }
            return true
        }
        self.keys = keys
        let size = min(Int64(Self.markSize), known)
        mark = try file.read(Int(size), at: known - size)
        return isSame
    }

    private func hasMark(_ file: borrowing OpenFile) throws(SystemError) -> Bool {
        guard !mark.isEmpty else { return true }
        return try file.read(mark.count, at: known - Int64(mark.count)) == mark
    }

    /// Adds a row that is about to be written; false if it is there already.
    mutating func insert(_ row: HistoryRow) -> Bool {
        keys.insert(Key(from: row.from, id: Array(row.id.text.utf8).span)).inserted
    }

    /// Says that the inserted rows are in the file now, as these bytes, and that it ends at `end`.
    mutating func wrote(_ bytes: [UInt8], upTo end: Int64) {
        known = end
        mark = Array((mark + bytes.suffix(Self.markSize)).suffix(Self.markSize))
    }
}
