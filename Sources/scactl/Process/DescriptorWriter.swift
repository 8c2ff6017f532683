internal import Glibc

/// Where lines of output go: stdout and stderr, or an array in a test.
protocol LineSink: Sendable {
    /// Writes each line whole, with others or on its own, and returns when all are out.
    ///
    /// - Parameter lines: each ends with its newline.
    /// - Throws: `CommandFailure` with status 74, or `.readerGone`.
    func write(_ lines: [[UInt8]]) async throws(CommandFailure)

    /// The same, blocking: for a thread that may wait, where there is no other writer.
    func writeBlocking(_ line: [UInt8]) throws(CommandFailure)
}

/// A file descriptor that lines are written to, unbuffered.
///
/// Whole lines in one `write`, as many as are there and fit into `PIPE_BUF` (4,096 bytes; a longer line has one of its own), mean
/// that a reader never sees half a row however many processes share the pipe, by POSIX up to that length; and nothing is left
/// in a buffer when the process is killed. The actor has its own thread, so a reader that is slow or stopped holds up only the task
/// that awaits it.
actor DescriptorWriter: LineSink {
    /// What a pipe takes in one piece.
    private static let atomicBytes = 4_096

    private let descriptor: Int32
    private let name: String
    private let executor = ThreadExecutor()

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    func write(_ lines: [[UInt8]]) throws(CommandFailure) {
        var gathered: [UInt8] = []
        for line in lines {
            if gathered.count + line.count > Self.atomicBytes, !gathered.isEmpty {
                try writeBlocking(gathered)
                gathered.removeAll(keepingCapacity: true)
            }
            gathered += line
        }
        if !gathered.isEmpty { try writeBlocking(gathered) }
    }

    nonisolated func writeBlocking(_ line: [UInt8]) throws(CommandFailure) {
        var start = 0
        while start < line.count {
            let count = line.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress?.advanced(by: start), bytes.count - start)
            }
            if count >= 0 {
                start += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // Somebody who shares the descriptor made it non-blocking: wait as a blocking one would.
                var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&wanted, 1, -1)
            case EPIPE: throw .readerGone
            case let error:
                throw CommandFailure(
                    .ours(.outputFailed),
                    "cannot write to \(name): \(String(cString: strerror(error)))",
                    hint: error == ENOSPC ? "free some space there, or write elsewhere" : "see where \(name) leads to",
                    status: .io
                )
            }
        }
    }
}
