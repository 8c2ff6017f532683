internal import NIOCore

/// Stands before TLS and looks at the first byte of a connection: whoever speaks HTTP in the clear is told so, in the
/// clear, and not left with a connection that ends without a word.
final class PlaintextCheck: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The type of a TLS record that begins a handshake (RFC 8446 5.1).
    private static let handshake: UInt8 = 0x16

    private static let answer: ByteBuffer = {
        let body = #"{"error":{"code":"invalid_frame","message":"this port speaks TLS; use wss:// or HTTPS"}}"#
        return ByteBuffer(
            string: "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }()

    private var isRefused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        let bytes = unwrapInboundIn(data)
        guard let first = bytes.readableBytesView.first else { return }
        if first == Self.handshake {
            context.fireChannelRead(data)
            return context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
        isRefused = true
        // A method begins with a capital letter; anything else would not understand an answer.
        if (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) {
            context.writeAndFlush(wrapOutboundOut(Self.answer), promise: nil)
        }
        context.close(promise: nil)
    }
}
