/// Lines on their way to a reader that may be slow: the program of a bot, or whoever reads the bot's stdout.
///
/// Pure. What comes while the queue is full is left out, the newest and not the oldest, until half of it is free again; a
/// `lagging` row stands in its place and says how many rows are missing. (To hold up the program instead, until it reads, was
/// rejected: one that only ever writes would stand still for good.)
struct RowQueue: Sendable {
    /// How many lines may wait, and how many bytes.
    struct Capacity: Hashable, Sendable {
        var lines = 1_024
        var bytes = 8 << 20
    }

    struct Entry: Hashable, Sendable {
        /// With its newline.
        var line: [UInt8]
        /// It means something only to the run of the program that asked.
        var isAnswer = false
    }

    private let capacity: Capacity
    /// Makes the row that stands for so many.
    private let laggingLine: @Sendable (Int) -> [UInt8]
    private var entries = FirstInFirstOut<Entry>()
    private var bytes = 0
    private var dropped = 0

    init(_ capacity: Capacity = Capacity(), laggingLine: @escaping @Sendable (Int) -> [UInt8]) {
        self.capacity = capacity
        self.laggingLine = laggingLine
    }

    /// Puts in a line, unless the queue is full.
    ///
    /// - Returns: false if it is the first that was left out since there was room.
    mutating func append(_ entry: Entry) -> Bool {
        let isFull = entries.count >= capacity.lines || bytes >= capacity.bytes
        guard dropped == 0, !isFull else {
            dropped += 1
            return dropped > 1
        }
        put(entry)
        return true
    }

    /// Takes the first line; nil if there is none.
    mutating func popFirst() -> Entry? {
        guard let entry = entries.popFirst() else { return nil }
        bytes -= entry.line.count
        tellDropped()
        return entry
    }

    /// Forgets the answers: whoever asked is gone.
    mutating func removeAnswers() {
        var rest = FirstInFirstOut<Entry>()
        while let entry = entries.popFirst() {
            if entry.isAnswer { bytes -= entry.line.count } else { rest.append(entry) }
        }
        entries = rest
        tellDropped()
    }

    private mutating func tellDropped() {
        guard dropped > 0, entries.count <= capacity.lines / 2, bytes <= capacity.bytes / 2 else { return }
        put(Entry(line: laggingLine(dropped)))
        dropped = 0
    }

    private mutating func put(_ entry: Entry) {
        entries.append(entry)
        bytes += entry.line.count
    }
}
