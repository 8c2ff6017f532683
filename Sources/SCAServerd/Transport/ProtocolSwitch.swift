internal import Crypto
internal import FoundationEssentials
package import NIOCore
package import NIOHTTP1
internal import SCACore

/// From HTTP to WebSocket on one connection (RFC 6455, section 4.2.2): writes the 101 and puts a socket in place of HTTP.
///
/// It is made by hand and not by NIO's upgrade handler, because that adds NIO's WebSocket frame
/// codec, which is lax and slow.
package struct ProtocolSwitch {
    /// The handlers of the HTTP phase that frames must not pass.
    private let leavingFirst: [any RemovableChannelHandler]
    private let decoder: any RemovableChannelHandler

    /// - Parameters:
    ///   - httpGuard: What holds the handshake to its limits.
    ///   - encoder: NIO's encoder of HTTP responses.
    ///   - decoder: NIO's decoder of HTTP requests; it forwards the bytes behind the request.
    package init(
        guard httpGuard: any RemovableChannelHandler,
        encoder: any RemovableChannelHandler,
        decoder: any RemovableChannelHandler
    ) {
        leavingFirst = [httpGuard, encoder]
        self.decoder = decoder
    }

    /// The key of a request that asks for a WebSocket of the one version there is; nil if it has none, or its version is another.
    package static func key(of request: HTTPRequestHead) -> String? {
        guard request.headers["Sec-WebSocket-Version"] == ["13"] else { return nil }
        let keys = request.headers["Sec-WebSocket-Key"]
        // Sixteen bytes in base64.
        guard keys.count == 1, keys[0].utf8.count == 24, keys[0].hasSuffix("==") else { return nil }
        return keys[0]
    }

    /// The headers of the 101 that answers a request with this key.
    package static func headers(accepting key: String) -> HTTPHeaders {
        let digest = Insecure.SHA1.hash(data: Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        return HTTPHeaders([
            ("Upgrade", "websocket"), ("Sec-WebSocket-Accept", Data(digest).base64EncodedString()),
            ("Connection", "upgrade"),
        ])
    }

    /// Writes the 101, puts the socket in place of HTTP, and lets what came behind the request go to it.
    ///
    /// - Parameters:
    ///   - door: The handler that asks for it, the last of the HTTP phase; it leaves.
    ///   - open: Names the socket's session, which is there before any frame is.
    ///   - settle: Ends the burst of frames that came right behind the request.
    package func run(
        _ headers: HTTPHeaders,
        to socket: ServerWebSocket,
        from door: any RemovableChannelHandler,
        _ context: ChannelHandlerContext,
        open: () -> Void,
        settle: @escaping () -> Void
    ) {
        let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
        context.write(NIOAny(HTTPServerResponsePart.head(head)), promise: nil)
        context.writeAndFlush(NIOAny(HTTPServerResponsePart.end(nil)), promise: nil)
        // A client that is gone already is found out by that write, which then closes the channel at once.
        guard context.channel.isActive else { return }
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandler(socket)
        } catch {
            return context.close(promise: nil)
        }
        // First the handlers that frames must not pass, then the session, and the decoder last: what it
        // holds of the bytes behind the request goes to a session that is open.
        for handler in leavingFirst { pipeline.removeHandler(handler, promise: nil) }
        open()
        pipeline.removeHandler(door, promise: nil)
        // It does so a tick later and outside any read, which leaves ending the burst to us.
        pipeline.removeHandler(decoder).assumeIsolated().whenComplete { _ in settle() }
    }
}
