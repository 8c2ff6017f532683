internal import NIOCore
internal import Synchronization

/// Letters for one event loop, posted from any thread, taken out by the loop all at once with one wake-up.
final class Mailbox: Sendable {
    private struct State {
        var letters: [Hub.Letter] = []
        var isAwake = false
    }

    private let state = Mutex(State())

    /// Adds letters.
    ///
    /// - Returns: whether the loop must be woken; it need not if a wake-up is already on its way.
    func post(_ letters: [Hub.Letter]) -> Bool {
        state.withLock { state in
            state.letters += letters
            defer { state.isAwake = true }
            return !state.isAwake
        }
    }

    /// Takes all letters out; the next post wakes the loop again.
    func takeAll() -> [Hub.Letter] {
        state.withLock { state in
            state.isAwake = false
            defer { state.letters = [] }
            return state.letters
        }
    }
}
