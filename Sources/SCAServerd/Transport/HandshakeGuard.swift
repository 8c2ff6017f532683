package import NIOCore

/// Holds a connection to its handshake: so many bytes, so much time. Removed once the session is open.
///
/// NIO's HTTP decoder allows 2 MB of headers and has no deadline, and an upgrade in progress buffers
/// without limit; so this sits before it.
///
/// A connection that is refused before all of its request was read ends by lingering: closed at once, it would be reset, and
/// the reset can overtake the answer on its way to the client (RFC 9112, section 9.6).
package final class HandshakeGuard: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private static let lingerTime = TimeAmount.seconds(1)
    /// What is read and discarded while lingering, at most; who still sends then is hung up on.
    private static let lingerBytes = 1 << 20

    private let maximumBytes: Int
    private let timeout: TimeAmount
    private var bytes = 0
    private var deadline: Scheduled<Void>?
    private var isLingering = false

    package init(maximumBytes: Int, timeout: TimeAmount) {
        self.maximumBytes = maximumBytes
        self.timeout = timeout
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        close(context.channel, in: timeout)
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
        if isLingering {
            if bytes > Self.lingerBytes { context.close(promise: nil) }
        } else if bytes <= maximumBytes {
            context.fireChannelRead(data)
        } else {
            let answer = ByteBuffer(
                string: "HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            )
            context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
            linger(context.channel)
        }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if isLingering, let event = event as? ChannelEvent, event == .inputClosed {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// Ends a connection whose last answer is written: shuts the output, and reads and discards until the client closes.
    func linger(_ channel: any Channel) {
        guard !isLingering else { return }
        isLingering = true
        deadline?.cancel()
        close(channel, in: Self.lingerTime)
        channel.close(mode: .output, promise: nil)
    }

    private func close(_ channel: any Channel, in time: TimeAmount) {
        deadline = channel.eventLoop.assumeIsolated().scheduleTask(in: time) { channel.close(promise: nil) }
    }
}
