internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import SCACore

/// Asks a server for its `/health`. Needs no login.
public enum HealthCheck {
    private struct Body: Decodable {
        let status: String
        let connections: Int?
    }

    /// Asks once, over a connection of its own.
    ///
    /// - Parameters:
    ///   - endpoint: whom to ask.
    ///   - timeout: for everything together, name look-up to the last byte.
    /// - Returns: what it said, healthy or not.
    /// - Throws: `unreachable`, `timeout` or `tls_failed` if there is no answer; `invalid_server` if it is not HTTP, or has
    ///   no JSON object with a `status`.
    public static func run(_ endpoint: Endpoint, timeout: Duration) async throws(ClientError) -> HealthReport {
        let start = ContinuousClock.now
        let dialer = Dialer(endpoint: endpoint, timeout: timeout)
        let answer = try await fetch(dialer)
        let body = try? JSONDecoder().decode(Body.self, from: Data(answer.body))
        guard let body else {
            throw ClientError(
                .invalidServer,
                "\(endpoint) is not an SCA server: expected a JSON object with a status from /health, "
                    + "found HTTP \(answer.status) with \(answer.body.count) bytes of something else",
                hint: "check the address and its path"
            )
        }
        return HealthReport(
            ok: answer.status == 200 && body.status == "ok",
            status: body.status,
            connections: body.connections,
            elapsed: .now - start,
            httpStatus: answer.status
        )
    }

    private static func fetch(_ dialer: Dialer) async throws(ClientError) -> HTTPAnswer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { group.shutdownGracefully { _ in } }
        let loop = group.next()
        let promise = loop.makePromise(of: HTTPAnswer.self)
        let late = loop.scheduleTask(in: TimeAmount(dialer.timeout)) {
            let words = dialer.timeout.shortText
            promise.fail(ClientError(.timeout, "\(dialer.endpoint) did not answer /health within \(words)"))
        }
        // On the loop, so that the handlers are there before anything can happen to the channel.
        loop.execute { ask(dialer, on: loop, promise) }
        do {
            let answer = try await promise.futureResult.flatMapError { dialer.diagnose($0, on: loop) }.get()
            late.cancel()
            return answer
        } catch {
            late.cancel()
            throw dialer.explain(error)
        }
    }

    private static func ask(_ dialer: Dialer, on loop: any EventLoop, _ promise: EventLoopPromise<HTTPAnswer>) {
        dialer.dial(on: loop).whenComplete { result in
            do {
                let channel = try result.get()
                promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
                try channel.pipeline.syncOperations.addHandler(HeadLimit())
                try channel.pipeline.syncOperations.addHTTPClientHandlers()
                try channel.pipeline.syncOperations.addHandler(HealthHandler(dialer, promise))
            } catch {
                promise.fail(error)
            }
        }
    }
}

/// What a server said about itself.
public struct HealthReport: Hashable, Sendable {
    /// HTTP 200 and the status `ok`.
    public var ok: Bool
    /// The server's word: `ok`, `draining`, …
    public var status: String
    /// How many sessions it has; nil if it did not say.
    public var connections: Int?
    /// From the start of the connection to the whole answer.
    public var elapsed: Duration
    /// The HTTP status, 100 to 599.
    public var httpStatus: Int

    /// Makes a report.
    public init(ok: Bool, status: String, connections: Int?, elapsed: Duration, httpStatus: Int) {
        self.ok = ok
        self.status = status
        self.connections = connections
        self.elapsed = elapsed
        self.httpStatus = httpStatus
    }
}

/// A whole answer.
private struct HTTPAnswer: Sendable {
    var status: Int
    var body: [UInt8]
}

/// Sends one GET and collects the answer, up to 8 KiB.
private final class HealthHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let dialer: Dialer
    private let promise: EventLoopPromise<HTTPAnswer>
    private var answer: HTTPAnswer?

    init(_ dialer: Dialer, _ promise: EventLoopPromise<HTTPAnswer>) {
        self.dialer = dialer
        self.promise = promise
    }

    func handlerAdded(context: ChannelHandlerContext) {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "\(dialer.endpoint.basePath)/health")
        head.headers.add(name: "Host", value: dialer.endpoint.authority)
        head.headers.add(name: "Connection", value: "close")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): answer = HTTPAnswer(status: Int(head.status.code), body: [])
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
                    "\(dialer.endpoint) does not answer in HTTP (\(error))",
                    hint: "check the address, and whether it is ws:// or wss://"
                )
                : dialer.explain(error)
        )
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(ClientError(.connectionLost, "\(dialer.endpoint) hung up before its whole answer to /health"))
        context.fireChannelInactive()
    }

    private func finish() {
        if let answer { promise.succeed(answer) }
    }
}
