internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// Serves `GET /metrics`, on a port and a thread of its own: who reads metrics is no client, and neither side waits for the other.
///
/// One request a connection, with the limits of a handshake (`HandshakeGuard`), and few connections at once: it has no gate, and
/// shall not take the files that sessions need.
struct MetricsListener: Sendable {
    private static let headBytes = 8_192
    private static let atOnce = 16

    let channel: any Channel
    private let group: MultiThreadedEventLoopGroup
    private let answers: MetricsAnswers

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
        let answers = MetricsAnswers(text)
        let open = NIOLoopBoundBox.makeBoxSendingValue(0, eventLoop: group.next())
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptErrorHandler(log: log))
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard open.value < Self.atOnce else { throw ChannelError.ioOnClosedChannel }
                    open.value += 1
                    channel.closeFuture.assumeIsolated().whenComplete { _ in open.value -= 1 }
                    let handlers: [any ChannelHandler] = [
                        HandshakeGuard(maximumBytes: Self.headBytes, timeout: timeout),
                        HTTPResponseEncoder(),
                        ByteToMessageHandler(HTTPRequestDecoder()),
                        MetricsHandler(answers),
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
        self.answers = answers
    }

    func close() async {
        try? await channel.close()
        await answers.finish()
        try? await group.shutdownGracefully()
    }
}

/// Answers that are being made: they are waited for before the event loop ends, which they come back to.
final class MetricsAnswers: Sendable {
    private let text: @Sendable () async -> String?
    private let making = Mutex<[ObjectIdentifier: Task<Void, Never>]>([:])

    init(_ text: @escaping @Sendable () async -> String?) {
        self.text = text
    }

    /// - Parameter handler: who asks, once.
    func make(for handler: ObjectIdentifier, _ promise: EventLoopPromise<String?>) {
        // A handler cannot wait.
        making.withLock { $0[handler] = Task { [text] in promise.succeed(await text()) } }
        promise.futureResult.whenComplete { _ in self.making.withLock { $0[handler] = nil } }
    }

    func finish() async {
        for task in making.withLock({ Array($0.values) }) { await task.value }
    }
}

/// One request for metrics.
final class MetricsHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private let answers: MetricsAnswers
    private var head: HTTPRequestHead?
    private var hasAsked = false

    init(_ answers: MetricsAnswers) {
        self.answers = answers
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): if !hasAsked { self.head = head }
        case .body: break
        case .end:
            guard let head else { return }
            (self.head, hasAsked) = (nil, true)
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
        answers.make(for: ObjectIdentifier(self), promise)
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
