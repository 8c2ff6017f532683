internal import CoreMetrics
internal import NIOCore

/// Measures how much later than it should an event loop does what is due; owned by that loop.
///
/// Ten times a second something is due that does nothing else. How late it comes is what a message that arrived at that moment would have
/// waited. Ten samples a second cost nothing, and a loop that is stuck is seen once it goes on; until then nobody is answered,
/// and the watchdog sees that.
final class LoopDelay {
    private static let interval = TimeAmount.milliseconds(100)

    private let eventLoop: any EventLoop
    private let timer: CoreMetrics.Timer
    private var next: Scheduled<Void>?

    init(eventLoop: any EventLoop, timer: CoreMetrics.Timer) {
        self.eventLoop = eventLoop
        self.timer = timer
    }

    /// Begins to measure; on the loop.
    func start() {
        let due = eventLoop.now + Self.interval
        next = eventLoop.assumeIsolated().scheduleTask(deadline: due) { [weak self] in
            guard let self else { return }
            timer.recordNanoseconds(max(0, (eventLoop.now - due).nanoseconds))
            start()
        }
    }

    /// Nothing may be scheduled on an event loop that is about to end.
    func stop() { next?.cancel() }
}
