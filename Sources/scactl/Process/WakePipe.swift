internal import Glibc

/// Ends a wait in `poll` from another thread: the waiting side polls `reading`, anybody calls `wake`. Who waits more than once
/// calls `drain` in between.
///
/// It is never closed: a thread may still be polling it, and there is one for each stream that a command waits for.
struct WakePipe: Sendable {
    /// Can be read once `wake` was called. -1 if the process has no descriptors left: then nothing wakes.
    let reading: Int32
    private let writing: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // One byte in the pipe wakes as well as 65,536 do; who wakes must not wait for who sleeps.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        reading = ends[0]
        writing = ends[1]
    }

    func wake() {
        var byte: UInt8 = 0
        _ = write(writing, &byte, 1)
    }

    /// Takes what `wake` has put in; only when `reading` can be read.
    func drain() {
        var bytes: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        _ = read(reading, &bytes, MemoryLayout.size(ofValue: bytes))
    }
}
