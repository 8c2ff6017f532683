internal import Glibc
internal import NIOCore
internal import NIOPosix

/// The socket beneath a channel, to hand the kernel a frame without the channel's pipeline, queue and promise: these are most of what a
/// small message costs, and the kernel takes nearly all of them at once.
///
/// Only for who knows that the channel is active, is in the clear, and holds nothing back that should come before.
struct KernelSocket {
    /// Neither a signal nor waiting.
    private static let flags = CInt(truncatingIfNeeded: Int(MSG_NOSIGNAL) | Int(MSG_DONTWAIT))

    private let descriptor: CInt

    /// The socket of an active channel; nil if it has none. To be called on its event loop.
    init?(_ channel: any Channel) {
        let operations = channel.pipeline.syncOperations
        guard
            let descriptor = try? operations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self, { $0 }),
            descriptor >= 0
        else { return nil }
        self.descriptor = descriptor
    }

    /// Offers bytes to the kernel.
    ///
    /// - Returns: how many it took, from the front. None may mean that it has no room or that the connection is broken: the
    ///   channel, given the rest, finds out.
    func send(_ buffer: ByteBuffer) -> Int {
        buffer.withUnsafeReadableBytes { bytes in
            max(0, Glibc.send(descriptor, bytes.baseAddress, bytes.count, Self.flags))
        }
    }
}
