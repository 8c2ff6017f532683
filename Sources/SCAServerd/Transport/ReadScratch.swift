internal import NIOCore

/// Where the sockets of one event loop unmask what they read; owned by that loop.
///
/// NIO's read buffers are shared with the pool that they come from, so changing one in place would first copy it into new memory. One
/// piece of memory for all sockets costs the copy alone.
final class ReadScratch {
    private var bytes: [UInt8] = []

    /// Calls `body` with a copy of what was read, which it may change and must not keep.
    func withCopy(of buffer: ByteBuffer, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
        let count = buffer.readableBytes
        if bytes.count < count { bytes = [UInt8](repeating: 0, count: max(count, 4_096)) }
        bytes.withUnsafeMutableBytes { scratch in
            let copy = UnsafeMutableRawBufferPointer(rebasing: scratch[..<count])
            buffer.withUnsafeReadableBytes { copy.copyMemory(from: $0) }
            body(copy)
        }
    }
}
