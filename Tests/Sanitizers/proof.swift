// What ThreadSanitizer is to see and what not, before `scripts/test --sanitize thread` believes it: `proof mutex` counts under a
// contended `Mutex`, which is no race and was called one before `mutex.c`; `proof race` counts under none, which is one.
import Glibc
import Synchronization

/// A number that threads count up, with a lock and without.
final class Tally: Sendable {
    let guarded = Mutex(0)
    // Unsafe it is: that is what is to be found.
    nonisolated(unsafe) var bare = 0

    func countGuarded() {
        guarded.withLock { count in
            count += 1
            // Longer than who waits spins: so the kernel hands over the lock.
            usleep(100)
        }
    }
}

let tally = Tally()
let isGuarded = CommandLine.arguments.dropFirst().first == "mutex"
let work: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { _ in
    for _ in 0..<250 {
        if isGuarded { tally.countGuarded() } else { tally.bare += 1 }
    }
    return nil
}

var threads = [pthread_t](repeating: 0, count: 4)
for index in threads.indices { pthread_create(&threads[index], nil, work, nil) }
for thread in threads { pthread_join(thread, nil) }
exit(isGuarded && tally.guarded.withLock { $0 } != 1000 ? 1 : 0)
