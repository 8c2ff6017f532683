import Synchronization

@testable import scactl

/// Stdin that is an array of blocks.
final class BlockSource: ByteSource {
    private struct State {
        var blocks: [[UInt8]]
        var isStopped = false
        var failure: CommandFailure?
    }

    private let state: Mutex<State>
    private let end = StopSignal()
    private let staysOpen: Bool

    /// - Parameters:
    ///   - blocks: what `next` returns.
    ///   - staysOpen: whether it waits after them, as a terminal does, instead of ending.
    ///   - failure: what reading fails with after them.
    init(_ blocks: [String], staysOpen: Bool = false, failure: CommandFailure? = nil) {
        state = Mutex(State(blocks: blocks.map { Array($0.utf8) }, failure: failure))
        self.staysOpen = staysOpen
    }

    init(bytes: [UInt8]) {
        state = Mutex(State(blocks: [bytes]))
        staysOpen = false
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    func next() async throws(CommandFailure) -> [UInt8]? {
        let (block, failure) = state.withLock { state in
            state.isStopped || state.blocks.isEmpty
                ? (nil, state.failure) : (state.blocks.removeFirst(), nil)
        }
        if let failure { throw failure }
        if block == nil, staysOpen { for await _ in end.requests() {} }
        return block
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        _ = end.request()
    }
}

/// Stdout or stderr that is an array of lines.
final class CollectingSink: LineSink {
    private struct State {
        var writes: [[UInt8]] = []
        var failure: CommandFailure?
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// Each write, without its newline.
    var lines: [String] {
        state.withLock { $0.writes.map { String(decoding: $0.dropLast(), as: UTF8.self) } }
    }

    /// Returns once so many lines were written.
    func reaches(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if state.writes.count < count { state.waiting.append((count, continuation)) }
                return state.writes.count >= count
            }
            if isReached { continuation.resume() }
        }
    }

    /// Makes every further write fail.
    func fail(with failure: CommandFailure) {
        state.withLock { $0.failure = failure }
    }

    func write(_ lines: [[UInt8]]) async throws(CommandFailure) {
        try take(lines)
    }

    func writeBlocking(_ line: [UInt8]) throws(CommandFailure) {
        try take([line])
    }

    private func take(_ lines: [[UInt8]]) throws(CommandFailure) {
        let (failure, reached) = state.withLock { state in
            if state.failure == nil { state.writes += lines }
            let reached = state.waiting.filter { $0.count <= state.writes.count }
            state.waiting.removeAll { $0.count <= state.writes.count }
            return (state.failure, reached)
        }
        for waiting in reached { waiting.continuation.resume() }
        if let failure { throw failure }
    }
}
