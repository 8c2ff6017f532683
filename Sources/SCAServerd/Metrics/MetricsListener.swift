internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Serves `GET /metrics`, on a port and a thread of its own: who reads metrics is no client, and neither side waits for the other.
///
/// One request a connection, with the limits of a handshake (`HandshakeGuard`).
struct MetricsListener: Sendable {
    private static let headBytes = 8_192

    let channel: any Channel
    private let group: MultiThreadedEventLoopGroup

    /// Opens it.
    ///
    /// - Parameters:
    ///   - timeout: how long a request may take, its answer included.
    ///   - text: what is answered, or nil while there is nothing to tell.
    /// - Throws: what NIO does if the address cannot be listened on.
    init(
        _ address: MetricsAddress,
        timeout: Duration,
        log: ServerLog,
        text: @escaping @Sendable () async -> String?
    ) async throws {
        let timeout = TimeAmount.nanoseconds(timeout.wholeNanoseconds)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptErrorHandler(log: log))
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handlers: [any ChannelHandler] = [
                        HandshakeGuard(maximumBytes: Self.headBytes, timeout: timeout),
                        HTTPResponseEncoder(),
                        ByteToMessageHandler(HTTPRequestDecoder()),
                        MetricsHandler(text: text),
                    ]
                    try channel.pipeline.syncOperations.addHandlers(handlers)
                }
            }
        do {
            channel = try await bootstrap.bind(host: address.host, port: address.port).get()
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        self.group = group
    }

    func close() async {
        try? await channel.close()
        try? await group.shutdownGracefully()
    }
}

/// One request for metrics.
final class MetricsHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private let text: @Sendable () async -> String?
    private var head: HTTPRequestHead?

    init(text: @escaping @Sendable () async -> String?) {
        self.text = text
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return context.close(promise: nil) }
        respond(.badRequest, "not an HTTP/1.1 request\n", context)
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let path = head.uri.prefix { $0 != "?" }
        guard path == "/metrics" else { return respond(.notFound, "nothing is here; try /metrics\n", context) }
        guard head.method == .GET || head.method == .HEAD else {
            return respond(.methodNotAllowed, "/metrics is read with GET\n", context)
        }
        let promise = context.eventLoop.makePromise(of: String?.self)
        promise.completeWithTask { [text] in await text() }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenSuccess { text in
            let (handler, context) = bound.value
            guard let text else { return handler.respond(.serviceUnavailable, "the server is not running\n", context) }
            handler.respond(.ok, text, hasBody: head.method == .GET, context)
        }
    }

    private func respond(
        _ status: HTTPResponseStatus,
        _ text: String,
        hasBody: Bool = true,
        _ context: ChannelHandlerContext
    ) {
        let headers = HTTPHeaders([
            ("Content-Type", Self.contentType), ("Content-Length", "\(text.utf8.count)"), ("Connection", "close"),
        ])
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))),
            promise: nil
        )
        if hasBody { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil) }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}
