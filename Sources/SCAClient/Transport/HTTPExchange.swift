internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import SCACore

/// One HTTP request and its answer, over a connection and a thread of its own: for what is asked beside the WebSocket.
struct HTTPExchange: Sendable {
    /// A whole answer.
    struct Answer: Sendable {
        var status: Int
        /// Cut at 8 KiB.
        var body: [UInt8]
        /// Whom we were connected to, and when it was there.
        var peer = ServerSighting()
    }

    let dialer: Dialer
    let method: HTTPMethod
    /// Below the endpoint's base path.
    let path: String
    /// JSON; nil for none.
    let body: String?

    /// Prepares a request.
    init(_ dialer: Dialer, _ method: HTTPMethod, _ path: String, body: String? = nil) {
        self.dialer = dialer
        self.method = method
        self.path = path
        self.body = body
    }

    /// Asks once. The dialer's timeout is for everything together, name look-up to the last byte.
    func run() async throws(ClientError) -> Answer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { group.shutdownGracefully { _ in } }
        let loop = group.next()
        let promise = loop.makePromise(of: Answer.self)
        let late = loop.scheduleTask(in: TimeAmount(dialer.timeout)) {
            let words = dialer.timeout.shortText
            promise.fail(ClientError(.timeout, "\(dialer.endpoint) did not answer \(path) within \(words)"))
        }
        // On the loop, so that the handlers are there before anything can happen to the channel.
        loop.execute { ask(on: loop, promise) }
        do {
            let answer = try await promise.futureResult.flatMapError { dialer.diagnose($0, on: loop) }.get()
            late.cancel()
            return answer
        } catch {
            late.cancel()
            throw dialer.explain(error)
        }
    }

    private func ask(on loop: any EventLoop, _ promise: EventLoopPromise<Answer>) {
        dialer.dial(on: loop).whenComplete { result in
            do {
                let channel = try result.get()
                promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
                try channel.pipeline.syncOperations.addHandler(HeadLimit())
                try channel.pipeline.syncOperations.addHTTPClientHandlers()
                try channel.pipeline.syncOperations.addHandler(ExchangeHandler(self, promise))
            } catch {
                promise.fail(error)
            }
        }
    }
}

/// What can be told of a server by the connection to it.
public struct ServerSighting: Hashable, Sendable {
    /// Its address, as the system writes it; nil if there is none.
    public var address: String?
    /// What its clock said when it answered, in seconds since 1970 UTC; nil if it did not say.
    public var clock: Int64?
    /// When its certificate ends, in seconds since 1970 UTC; nil without TLS.
    public var certificateEnd: Int64?

    /// Makes one of its parts.
    public init(address: String? = nil, clock: Int64? = nil, certificateEnd: Int64? = nil) {
        self.address = address
        self.clock = clock
        self.certificateEnd = certificateEnd
    }

    fileprivate init(_ headers: HTTPHeaders, on context: ChannelHandlerContext) {
        let tls = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
        self.init(
            address: context.remoteAddress?.ipAddress,
            clock: headers.first(name: "Date").flatMap(HTTPDate.seconds),
            certificateEnd: tls?.peerCertificate.map { Int64($0.notValidAfter) }
        )
    }
}

/// Sends one request and collects the answer, up to 8 KiB.
private final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let exchange: HTTPExchange
    private let promise: EventLoopPromise<HTTPExchange.Answer>
    private var answer: HTTPExchange.Answer?

    private var endpoint: Endpoint { exchange.dialer.endpoint }

    init(_ exchange: HTTPExchange, _ promise: EventLoopPromise<HTTPExchange.Answer>) {
        self.exchange = exchange
        self.promise = promise
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let path = endpoint.basePath + exchange.path
        var head = HTTPRequestHead(version: .http1_1, method: exchange.method, uri: path)
        head.headers.add(name: "Host", value: endpoint.authority)
        head.headers.add(name: "Connection", value: "close")
        if let body = exchange.body {
            head.headers.add(name: "Content-Type", value: "application/json")
            head.headers.add(name: "Content-Length", value: "\(body.utf8.count)")
        }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let body = exchange.body {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            answer = HTTPExchange.Answer(
                status: Int(head.status.code),
                body: [],
                peer: ServerSighting(head.headers, on: context)
            )
        case .body(let bytes):
            let room = HTTPRefusal.maximumBody - (answer?.body.count ?? 0)
            answer?.body.append(contentsOf: bytes.readableBytesView.prefix(room))
            if bytes.readableBytes >= room { finish() }
        case .end: finish()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isGarbage = error is HTTPParserError || error is HeadLimit.Exceeded
        if answer != nil, isGarbage { return }
        promise.fail(
            isGarbage
                ? ClientError(
                    .invalidServer,
                    "\(endpoint) does not answer in HTTP (\(error))",
                    hint: "check the address, and whether it is ws:// or wss://"
                )
                : exchange.dialer.explain(error)
        )
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(
            ClientError(
                .connectionLost,
                "\(endpoint) hung up before its whole answer to \(exchange.path)",
                hint: answer == nil ? "check the address, and whether it is ws:// or wss://" : nil
            )
        )
        context.fireChannelInactive()
    }

    private func finish() {
        if let answer { promise.succeed(answer) }
    }
}
