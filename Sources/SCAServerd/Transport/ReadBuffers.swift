internal import NIOCore

/// What a connection reads into: small while little comes, larger once that was filled.
///
/// A channel keeps the first buffers that it was given for as long as it lives, one for each read it may make in a turn
/// (`NIOPooledRecvBufferAllocator`), and with the usual sizes they are most of what an idle connection costs. So the first ones, which read the
/// request, are small; all later ones are given back once they are read.
struct ReadBuffers: RecvByteBufferAllocator {
    /// How many reads a channel makes in a turn of its loop, and so how many buffers it keeps.
    static let readsInATurn = 2

    /// The request of a client that is no browser fits.
    private static let first = 256
    private static let second = 64
    /// Still from the heap's cache of small pieces.
    private static let usual = 1_024

    private let large: Int
    private var reads = 0
    private var size = first

    /// - Parameter large: What one read takes at the most, in bytes.
    init(large: Int = 8_192) {
        self.large = large
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        allocator.buffer(capacity: size)
    }

    mutating func record(actualReadBytes: Int) -> Bool {
        reads += reads < Self.readsInATurn ? 1 : 0
        if reads < Self.readsInATurn {
            size = Self.second
        } else {
            size = actualReadBytes >= Self.usual ? large : Self.usual
        }
        // The channel then asks for a new buffer each time.
        return true
    }
}
