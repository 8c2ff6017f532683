internal import NIOCore

/// Closes the channels of clients that have left, a few in a turn of the loop; owned by that loop.
///
/// When a crowd leaves at once, all of it is ready in one turn, and closing a channel takes longer than anything else that is done for a
/// client. So each is only noted, as if it had not been looked at yet, and whoever stayed waits for a few closings at the most, however
/// many have left.
final class Farewells {
    private static let inATurn = 32

    private let eventLoop: any EventLoop
    private var waiting = CircularBuffer<any Channel>()
    /// Nothing may be scheduled on an event loop that is about to end; whoever ends it closes what is left.
    var isStopping = false

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Closes a channel soon.
    func close(_ channel: any Channel) {
        waiting.append(channel)
        if waiting.count == 1 { schedule() }
    }

    private func schedule() {
        guard !isStopping else { return }
        eventLoop.inNextTurn { self.closeSome() }
    }

    private func closeSome() {
        for _ in 0..<Self.inATurn {
            guard let channel = waiting.popFirst() else { break }
            channel.close(promise: nil)
        }
        if waiting.isEmpty { waiting = CircularBuffer() } else { schedule() }
    }
}
