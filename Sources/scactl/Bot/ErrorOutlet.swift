internal import Synchronization

/// Stderr of a bot: lines are put in by anybody at any time, and one task writes them. A reader that is slow, or does not read
/// at all, never holds up the bot; it misses lines, and a line says how many.
final class ErrorOutlet: LineSink {
    /// How long the last lines may take.
    static let patience = Duration.milliseconds(300)
    /// A program may say a lot at once; that is not yet a slow reader.
    static let capacity = RowQueue.Capacity(lines: 16_384, bytes: 4 << 20)
    /// How many lines are handed to stderr at once.
    private static let share = 64

    private let patience: Duration
    private let queue: Mutex<RowQueue>
    private let news: AsyncStream<Void>.Continuation
    /// Without elements; ends when everything is written.
    private let rest: AsyncStream<Never>

    init(
        _ sink: any LineSink,
        _ capacity: RowQueue.Capacity = ErrorOutlet.capacity,
        patience: Duration = ErrorOutlet.patience
    ) {
        self.patience = patience
        queue = Mutex(
            RowQueue(capacity) { Array("scactl: \($0) lines are missing here: stderr is not read fast enough\n".utf8) }
        )
        let (news, source) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (rest, isWritten) = AsyncStream<Never>.makeStream()
        (self.news, self.rest) = (source, rest)
        // Not structured: nobody waits for a write that does not return.
        Task {
            for await _ in news { await self.writeAll(to: sink) }
            await self.writeAll(to: sink)
            isWritten.finish()
        }
    }

    /// Does not wait for anything.
    func write(_ lines: [[UInt8]]) { put(lines) }

    /// Does not block.
    func writeBlocking(_ line: [UInt8]) { put([line]) }

    /// Returns when everything is written, or could not be in time.
    func end() async {
        news.finish()
        let (rest, patience) = (rest, patience)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in rest {} }
            group.addTask { try? await Task.sleep(for: patience) }
            await group.next()
            group.cancelAll()
        }
    }

    private func put(_ lines: [[UInt8]]) {
        queue.withLock { queue in
            for line in lines { _ = queue.append(RowQueue.Entry(line: line)) }
        }
        news.yield()
    }

    private func writeAll(to sink: any LineSink) async {
        while true {
            let lines = queue.withLock { queue in
                var lines: [[UInt8]] = []
                while lines.count < Self.share, let entry = queue.popFirst() { lines.append(entry.line) }
                return lines
            }
            if lines.isEmpty { return }
            // If stderr cannot be written, nobody can be told.
            try? await sink.write(lines)
        }
    }
}
