internal import Synchronization

/// Says once that the command is to stop: finish what is due, begin nothing new.
///
/// Task cancellation was rejected for this: it would also cut short the answers that a stopping command still
/// waits for.
final class StopSignal: Sendable {
    private struct State {
        var isRequested = false
        var waiting: [AsyncStream<Never>.Continuation] = []
    }

    private let state = Mutex(State())

    var isRequested: Bool { state.withLock { $0.isRequested } }

    /// - Returns: whether anybody waits for it; if not, there is nothing to finish and the process may end at once.
    func request() -> Bool {
        let waiting = state.withLock { state in
            defer { state.waiting.removeAll() }
            state.isRequested = true
            return state.waiting
        }
        for continuation in waiting { continuation.finish() }
        return !waiting.isEmpty
    }

    /// A stream without elements that ends when a stop is requested. Who holds one counts as waiting.
    func requests() -> AsyncStream<Never> {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        state.withLock { state in
            if state.isRequested { continuation.finish() } else { state.waiting.append(continuation) }
        }
        return stream
    }
}
