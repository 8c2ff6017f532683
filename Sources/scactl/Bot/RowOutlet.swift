internal import Synchronization

/// Stdout of a bot: rows are put in by anybody at any time, and one task writes them. A reader that is slow never holds up the
/// bot; it misses rows, and a `lagging` row says how many.
final class RowOutlet: AnswerSink {
    /// How many lines are handed to stdout at once.
    private static let share = 64

    private let console: Console
    private let isSilent: Bool
    private let now: @Sendable () -> Int64
    private let queue: Mutex<RowQueue>
    private let news: AsyncStream<Void>
    private let newsSource: AsyncStream<Void>.Continuation

    /// - Parameter isSilent: with `--quiet`: nothing is printed.
    init(_ console: Console, _ time: TimeSource, isSilent: Bool) {
        self.console = console
        self.isSilent = isSilent
        now = time.now
        queue = Mutex(RowQueue { console.line(for: .lagging(dropped: $0, at: time.now())) })
        (news, newsSource) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Rows that may be left out.
    func add(_ rows: [Row]) {
        guard !isSilent, !rows.isEmpty else { return }
        let lines = rows.map { console.line(for: $0) }
        queue.withLock { queue in
            for line in lines { _ = queue.append(RowQueue.Entry(line: line)) }
        }
        newsSource.yield()
    }

    /// So many messages got no answer.
    func add(dropped count: Int) { add([.lagging(dropped: count, at: now())]) }

    /// What became of replies. Here they are news like any other, and may be left out.
    func answer(_ rows: [Row]) { add(rows) }

    /// Writes until `end`, and then what is left.
    ///
    /// - Throws: why stdout cannot be written.
    func run() async throws(CommandFailure) {
        for await _ in news { try await writeAll() }
        try await writeAll()
    }

    func end() {
        newsSource.finish()
    }

    private func writeAll() async throws(CommandFailure) {
        while true {
            let lines = queue.withLock { queue in
                var lines: [[UInt8]] = []
                while lines.count < Self.share, let entry = queue.popFirst() { lines.append(entry.line) }
                return lines
            }
            if lines.isEmpty { return }
            try await console.write(lines)
        }
    }
}

extension Row {
    /// Messages were left out.
    static func lagging(dropped count: Int, at time: Int64) -> Row {
        .status(StatusRow(state: .lagging, dropped: count, unixMilliseconds: time))
    }
}
