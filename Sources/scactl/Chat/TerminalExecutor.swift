internal import Glibc
internal import Synchronization

/// Runs an actor's jobs on the one thread that also waits for the terminal: in `poll`, for a key or for a job.
///
/// So a key and a message wait for each other only as long as handling one takes, nothing is polled, and whatever the actor
/// does to the terminal is done by this thread alone. `ThreadExecutor` waits on a semaphore, where a terminal cannot be
/// waited for as well.
final class TerminalExecutor: SerialExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isRunning = false
        /// Who waits for a key.
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let descriptor: Int32
    private let state = Mutex(State())
    private let wakeUp = WakePipe()

    /// - Parameter descriptor: the terminal.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// What can be had from the terminal now, without waiting.
    enum Input {
        case nothing, keys
        /// It was closed, or the line was hung up.
        case gone
    }

    var input: Input {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&watched, 1, 0) > 0 else { return .nothing }
        return Int32(watched.revents) & (POLLHUP | POLLERR | POLLNVAL) == 0 ? .keys : .gone
    }

    /// Stops the process until it has the terminal; see `MainLoop`.
    func waitForForeground() -> Bool { MainLoop.waitForForeground(of: descriptor) }

    /// Returns when the terminal has something to read or is gone, or `cancelWait` was called. For one at a time.
    ///
    /// - Parameter isolation: the caller's actor, which it stays on: nothing of the actor happens between the call and the wait.
    func waitForInput(isolation: isolated (any Actor)? = #isolation) async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.waiting = continuation }
            wakeUp.wake()
        }
    }

    /// Lets who waits for a key go without one.
    func cancelWait() {
        takeWaiting()?.resume()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = state.withLock { state in
            state.jobs.append(job)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if isFirst { OwnThread.start { self.runForever() } }
        wakeUp.wake()
    }

    private func runForever() {
        while true {
            let isWaiting = state.withLock { $0.waiting != nil }
            var watched = [
                pollfd(fd: wakeUp.reading, events: Int16(POLLIN), revents: 0),
                pollfd(fd: isWaiting ? descriptor : -1, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&watched, 2, -1) > 0 else { continue }
            if watched[0].revents != 0 { wakeUp.drain() }
            if watched[1].revents != 0 { takeWaiting()?.resume() }
            let jobs = state.withLock { state in
                defer { state.jobs.removeAll() }
                return state.jobs
            }
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
        }
    }

    private func takeWaiting() -> CheckedContinuation<Void, Never>? {
        state.withLock { state in
            defer { state.waiting = nil }
            return state.waiting
        }
    }
}
