package import NIOCore

/// Holds a connection to its handshake: so many bytes, so much time. Removed once the session is open.
///
/// NIO's HTTP decoder allows 2 MB of headers and has no deadline, and an upgrade in progress buffers
/// without limit; so this sits before it.
package final class HandshakeGuard: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private let maximumBytes: Int
    private let timeout: TimeAmount
    private var bytes = 0
    private var deadline: Scheduled<Void>?

    package init(maximumBytes: Int, timeout: TimeAmount) {
        self.maximumBytes = maximumBytes
        self.timeout = timeout
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { channel.close(promise: nil) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += unwrapInboundIn(data).readableBytes
        guard bytes > maximumBytes else { return context.fireChannelRead(data) }
        let answer = ByteBuffer(
            string: "HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        context.close(promise: nil)
    }
}
