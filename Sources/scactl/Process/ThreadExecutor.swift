internal import Glibc
internal import Synchronization

/// Runs an actor's jobs on one thread of its own, which may block for as long as it likes.
///
/// The threads that Swift runs tasks on are as few as the cores. A `read` that waits for somebody to type, or a
/// `write` that waits for a slow reader, must not take one of them: on a one-core machine that would also stop
/// the task that answers the server's heartbeat. So an actor that makes blocking calls sits on one of these. The
/// thread starts with the first job and lives as long as the process.
final class ThreadExecutor: SerialExecutor {
    private struct Queue {
        var jobs: [UnownedJob] = []
        var isRunning = false
    }

    private let queue = Mutex(Queue())
    /// Proof: a `sem_t` must not move, so it has its own allocation; `sem_post` and `sem_wait` may be called from
    /// any thread, and an executor lives as long as the process, so it is never freed.
    nonisolated(unsafe) private let wakeUp: UnsafeMutablePointer<sem_t> = {
        let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
        return semaphore
    }()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = queue.withLock { queue in
            queue.jobs.append(job)
            defer { queue.isRunning = true }
            return !queue.isRunning
        }
        if isFirst { OwnThread.start { self.runForever() } }
        sem_post(wakeUp)
    }

    private func runForever() {
        while true {
            while sem_wait(wakeUp) != 0 {}
            let jobs = queue.withLock { queue in
                defer { queue.jobs.removeAll() }
                return queue.jobs
            }
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
        }
    }
}
