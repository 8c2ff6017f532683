internal import Glibc

/// Where bytes of input come from: stdin, or an array in a test.
protocol ByteSource: Sendable {
    /// The next bytes as soon as there are any; nil at the end, and after `stop()`.
    ///
    /// - Throws: `CommandFailure` with status 74.
    func next() async throws(CommandFailure) -> [UInt8]?
    /// Ends the input early; a `next()` that waits returns nil. May be called from anywhere, more than once.
    func stop()
}

/// A file descriptor that is read in blocks, on a thread of its own: a pipe, a file and a terminal alike.
///
/// `next()` waits in `poll` for input or for a byte in a pipe of ours, so that a signal ends a command that waits
/// for somebody to type.
actor DescriptorReader: ByteSource {
    /// What a pipe holds on Linux; the most that one `next()` returns.
    private static let blockSize = 65_536

    private let descriptor: Int32
    private let name: String
    private let stopping = WakePipe()
    private let executor = ThreadExecutor()
    private var isStopped = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    nonisolated func stop() {
        stopping.wake()
    }

    func next() throws(CommandFailure) -> [UInt8]? {
        while !isStopped {
            var watched = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stopping.reading, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&watched, 2, -1) > 0 else { continue }
            if watched[1].revents != 0 {
                isStopped = true
                break
            }
            var failure: Int32 = 0
            let block = [UInt8](unsafeUninitializedCapacity: Self.blockSize) { buffer, count in
                let read = Glibc.read(descriptor, buffer.baseAddress, Self.blockSize)
                failure = read < 0 ? errno : 0
                count = max(read, 0)
            }
            if failure == EINTR || failure == EAGAIN { continue }
            if failure != 0 {
                throw CommandFailure(
                    .ours(.inputFailed),
                    "cannot read \(name): \(String(cString: strerror(failure)))",
                    hint: "see where \(name) comes from",
                    status: .io
                )
            }
            return block.isEmpty ? nil : block
        }
        return nil
    }
}
