internal import Synchronization

/// Signals that a command wants for itself instead of what they do otherwise: a prompt clears its line at Ctrl-C.
final class SignalTap: Sendable {
    private let claims = Mutex<[Int32: AsyncStream<Int32>.Continuation]>([:])

    /// Claims signals until the stream is given up; a later claim of the same signal takes it over.
    ///
    /// - Parameter signals: of those that `MainLoop` waits for.
    /// - Returns: each of them as it comes.
    func claim(_ signals: Set<Int32>) -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        continuation.onTermination = { _ in
            self.claims.withLock { claims in for signal in signals { claims[signal] = nil } }
        }
        claims.withLock { claims in for signal in signals { claims[signal] = continuation } }
        return stream
    }

    /// Hands a signal to whoever claimed it; false if nobody did.
    func deliver(_ signal: Int32) -> Bool {
        guard let continuation = claims.withLock({ $0[signal] }) else { return false }
        continuation.yield(signal)
        return true
    }
}
