internal import NIOCore

/// Refuses a head of an HTTP answer that does not end, since NIO's own limits are generous, and one that is a TLS alert: so
/// servers answer that were spoken to in the clear and want TLS. Stands before the codec.
///
/// It holds back the end of the connection for a turn of the loop, or until it leaves: a decoder that has decoded a 101 takes a
/// turn to leave, and loses the bytes behind the 101 if it hears of the end before.
final class HeadLimit: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    struct Exceeded: Error {}

    struct FoundTLS: Error {}

    /// The most bytes before the head must be whole.
    static let maximum = 16_384

    private var count = 0
    private var holdsEnd = false

    func channelInactive(context: ChannelHandlerContext) {
        holdsEnd = true
        context.eventLoop.assumeIsolated().execute { self.passEnd(context) }
    }

    func removeHandler(context: ChannelHandlerContext, removalToken: ChannelHandlerContext.RemovalToken) {
        passEnd(context)
        context.leavePipeline(removalToken: removalToken)
    }

    private func passEnd(_ context: ChannelHandlerContext) {
        guard holdsEnd else { return }
        holdsEnd = false
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // The type of an alert and the major version (RFC 8446 5.1).
        if count == 0, unwrapInboundIn(data).readableBytesView.starts(with: [0x15, 0x03]) {
            context.fireErrorCaught(FoundTLS())
        }
        // Handed on first: if these bytes end the head, nobody minds the error any more.
        count += unwrapInboundIn(data).readableBytes
        context.fireChannelRead(data)
        if count > Self.maximum { context.fireErrorCaught(Exceeded()) }
    }
}
