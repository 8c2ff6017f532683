internal import NIOCore
internal import NIOHTTP1
internal import NIOWebSocket
internal import SCACore

// The HTTP/1.1 upgrade to WebSocket (RFC 6455, section 4.1), between NIO's HTTP codec and our frames.
//
//     asking ─101 that is right→ accepted ─its end→ switching ─codec gone→ (this handler leaves; `WebSocketConnection` stays)
//        └──── any other answer→ refused (its body is collected, up to 8 KiB, for the server's sentence) ─→ done
//
// NIO's upgrader makes the key and checks the answer to it. Its upgrade handler is not used: it hands a refusal on to nobody,
// and wants to install NIO's frame codec. What the server sent right behind the 101 is handed on when the codec leaves.
//
//   hostile (the server)  a head over 16 KiB, a wrong key, a subprotocol or extension that was not offered, HTTP garbage: refused
//   harmless              an end while the body of a refusal is on its way: what has come of it is explained

/// Asks for the upgrade and reports, once, what came of it. Owned by its channel's event loop.
final class UpgradeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private enum State {
        case asking
        /// The 101 was right; its end is still to come.
        case accepted(Dialect)
        case switching
        case refused(HTTPResponseHead, body: [UInt8])
        case done
    }

    private let request: UpgradeRequest
    private let codec: [any RemovableChannelHandler]
    private let limit: HeadLimit
    private let connection: WebSocketConnection
    private let promise: EventLoopPromise<Dialect>
    private let upgrader = NIOWebSocketClientUpgrader { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
    private var state = State.asking
    /// While switching: what the server sent right behind the 101.
    private var leftOver: [NIOAny] = []

    /// - Parameters:
    ///   - codec: the HTTP handlers, which leave with the upgrade.
    ///   - limit: what stands before them, and leaves last.
    ///   - connection: what comes in their place.
    ///   - promise: the dialect that the server selected, or the `ClientError` why there is none.
    init(
        _ request: UpgradeRequest,
        codec: [any RemovableChannelHandler],
        limit: HeadLimit,
        connection: WebSocketConnection,
        promise: EventLoopPromise<Dialect>
    ) {
        self.request = request
        self.codec = codec
        self.limit = limit
        self.connection = connection
        self.promise = promise
    }

    /// Asks; the channel is connected already.
    func handlerAdded(context: ChannelHandlerContext) {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: request.path)
        head.headers.add(name: "Host", value: request.endpoint.authority)
        head.headers.add(name: "Connection", value: "Upgrade")
        head.headers.add(name: "Upgrade", value: "websocket")
        upgrader.addCustom(upgradeRequestHeaders: &head.headers)
        head.headers.add(name: "Sec-WebSocket-Protocol", value: Dialect.subprotocol)
        if let token = request.token { head.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if request.offersCompression { head.headers.add(name: "Sec-WebSocket-Extensions", value: DeflateTerms.offer) }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch state {
        case .switching:
            // The codec is leaving, and these are the bytes behind the 101. What they ask for, such as the answer to a close
            // frame, could not be written yet: the HTTP decoder looks at all that is written past it.
            leftOver.append(data)
        case .asking, .accepted, .refused: receive(unwrapInboundIn(data), context)
        case .done: return
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .refused = state {
            // Its head was whole, so only the body is at fault: long, or cut off.
            return error is HeadLimit.Exceeded ? () : explainRefusal(context)
        }
        guard error is HTTPParserError || error is HeadLimit.Exceeded else {
            return fail(request.explain(error), context)
        }
        let what =
            error is HeadLimit.Exceeded ? "its HTTP head is over \(HeadLimit.maximum) bytes" : "no HTTP (\(error))"
        fail(
            ClientError(
                .invalidServer,
                "\(request.endpoint) is not an SCA server: expected HTTP 101, found \(what)",
                hint: "check the address, and whether it is ws:// or wss://"
            ),
            context
        )
    }

    func channelInactive(context: ChannelHandlerContext) {
        explainRefusal(context)
        fail(
            ClientError(
                .connectionLost,
                "\(request.endpoint) hung up without an answer",
                hint: "check the address, and whether it is ws:// or wss://"
            ),
            context
        )
        context.fireChannelInactive()
    }

    private func receive(_ part: HTTPClientResponsePart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head):
            guard head.status == .switchingProtocols else {
                state = .refused(head, body: [])
                return
            }
            do throws(ClientError) {
                state = .accepted(try judge(head))
            } catch {
                fail(error, context)
            }
        case .body(let bytes):
            guard case .refused(let head, var body) = state else { return }
            body.append(contentsOf: bytes.readableBytesView.prefix(HTTPRefusal.maximumBody - body.count))
            state = .refused(head, body: body)
            if body.count == HTTPRefusal.maximumBody { explainRefusal(context) }
        case .end:
            if case .accepted(let dialect) = state {
                switchProtocol(dialect, context)
            } else {
                explainRefusal(context)
            }
        }
    }

    /// Checks a 101: the key's answer, and which subprotocol was selected.
    private func judge(_ head: HTTPResponseHead) throws(ClientError) -> Dialect {
        let isWebSocket = head.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
        guard isWebSocket, upgrader.shouldAllowUpgrade(upgradeResponse: head) else {
            throw wrongAnswer("its answer to Sec-WebSocket-Key is wrong")
        }
        let extensions = head.headers["Sec-WebSocket-Extensions"]
        if !extensions.isEmpty {
            guard request.offersCompression else {
                throw wrongAnswer("it selected an extension, and none was offered")
            }
            guard let terms = DeflateTerms.answer(extensions) else {
                throw wrongAnswer("its answer to the compression that was offered does not follow RFC 7692")
            }
            connection.compress(terms)
        }
        let selected = head.headers[canonicalForm: "sec-websocket-protocol"]
        guard let first = selected.first else { return .base }
        guard selected.count == 1, first == Dialect.subprotocol else {
            throw wrongAnswer("it selected another subprotocol than \(Dialect.subprotocol)")
        }
        return .v2
    }

    private func wrongAnswer(_ what: String) -> ClientError {
        ClientError(.invalidServer, "\(request.endpoint) switched to something else than was asked for: \(what)")
    }

    /// Puts the connection behind this handler, and lets the codec and then this handler leave. Until the codec is gone
    /// nothing may be written, so success is reported only then, before what was left over is.
    private func switchProtocol(_ dialect: Dialect, _ context: ChannelHandlerContext) {
        state = .switching
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandler(connection, position: .after(self))
        } catch {
            return fail(request.explain(error), context)
        }
        let gone = EventLoopFuture.andAllComplete(
            codec.map { pipeline.removeHandler($0) },
            on: context.eventLoop
        )
        gone.assumeIsolated().whenComplete { _ in
            self.promise.succeed(dialect)
            for data in self.leftOver { context.fireChannelRead(data) }
            self.leftOver = []
            context.fireChannelReadComplete()
            pipeline.removeHandler(self.limit, promise: nil)
            pipeline.removeHandler(self, promise: nil)
        }
    }

    private func explainRefusal(_ context: ChannelHandlerContext) {
        guard case .refused(let head, let body) = state else { return }
        fail(
            HTTPRefusal.error(
                status: Int(head.status.code),
                body: body,
                retryAfter: HTTPRefusal.retryAfter(head.headers),
                endpoint: request.endpoint
            ),
            context
        )
    }

    private func fail(_ error: ClientError, _ context: ChannelHandlerContext) {
        switch state {
        case .done, .switching: return
        case .asking, .accepted, .refused: break
        }
        state = .done
        promise.fail(error)
        context.close(promise: nil)
    }
}
