internal import Synchronization

/// Signals that a command wants for itself instead of what they do otherwise: a prompt clears its line at Ctrl-C.
final class SignalTap: Sendable {
    private struct Claim {
        var signals: Set<Int32> = []
        var continuation: AsyncStream<Int32>.Continuation?
    }

    private let claim = Mutex(Claim())

    /// Claims signals until the stream is given up.
    ///
    /// - Parameter signals: of those that `MainLoop` waits for.
    /// - Returns: each of them as it comes.
    func claim(_ signals: Set<Int32>) -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        continuation.onTermination = { _ in self.claim.withLock { $0 = Claim() } }
        claim.withLock { $0 = Claim(signals: signals, continuation: continuation) }
        return stream
    }

    /// Hands a signal to whoever claimed it; false if nobody did.
    func deliver(_ signal: Int32) -> Bool {
        guard let continuation = claim.withLock({ $0.signals.contains(signal) ? $0.continuation : nil }) else {
            return false
        }
        continuation.yield(signal)
        return true
    }
}
