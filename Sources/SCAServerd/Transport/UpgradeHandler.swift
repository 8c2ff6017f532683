internal import NIOCore
internal import NIOHTTP1
internal import SCACore

/// The front door: one HTTP request, answered by `/health`, by the login desk, by a refusal, or by becoming a session
/// (`ProtocolSwitch`).
final class UpgradeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// Whose connection this is: the peer's, and once the request head is read whom a trusted proxy named.
    private(set) var client: ClientAddress

    let loop: HubLoop
    private let gate: AdmissionGate
    /// Set if the connection itself is one too many: whatever is asked is answered by it.
    private let refusal: Refusal?
    private let limits: WireLimits
    private let proxies: TrustedProxies
    let doorkeeper: Doorkeeper
    /// The other handlers of the HTTP phase, to be removed when a session opens.
    private let httpGuard: HandshakeGuard
    private let encoder: any RemovableChannelHandler
    private let decoder: any RemovableChannelHandler
    private(set) var head: HTTPRequestHead?
    /// What was posted, as much of it as a login can have.
    private(set) var body: [UInt8] = []
    private var isAnswered = false
    /// Whether the answer is to a request that was not read to its end.
    private var isCutOff = false
    /// Whether the peer is a trusted proxy, so that limits by address are still to be asked for.
    let isBehindProxy: Bool
    let isInTheClear: Bool

    init(
        loop: HubLoop,
        gate: AdmissionGate,
        refusal: Refusal?,
        limits: WireLimits,
        client: ClientAddress,
        proxies: TrustedProxies,
        doorkeeper: Doorkeeper,
        guard httpGuard: HandshakeGuard,
        encoder: any RemovableChannelHandler,
        decoder: any RemovableChannelHandler,
        isInTheClear: Bool
    ) {
        self.loop = loop
        self.gate = gate
        self.refusal = refusal
        self.limits = limits
        self.client = client
        isBehindProxy = client.isProxy
        self.proxies = proxies
        self.doorkeeper = doorkeeper
        self.httpGuard = httpGuard
        self.encoder = encoder
        self.decoder = decoder
        self.isInTheClear = isInTheClear
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(let bytes): body += bytes.readableBytesView.prefix(LoginDesk.maximumBody + 1 - body.count)
        case .end:
            guard let head, !isAnswered else { return }
            isAnswered = true
            client = proxies.client(behind: client, head.headers)
            answer(UpgradeRequest(head), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isAnswered, let error = error as? HTTPParserError else { return context.close(promise: nil) }
        isAnswered = true
        isCutOff = true
        if error == .headerOverflow {
            refuse(.requestHeaderFieldsTooLarge, WireError(.tooLarge, "too many header fields"), context)
        } else {
            refuse(.badRequest, WireError(.invalidFrame, "not an HTTP/1.1 request"), context)
        }
    }

    private func answer(_ request: UpgradeRequest, _ context: ChannelHandlerContext) {
        if let refusal { return refuse(refusal, context) }
        switch request {
        case .health(let hasBody):
            let rest = loop.secondsOfDrain
            let body =
                #"{"status":"\#(rest == nil ? "ok" : "draining")","connections":\#(loop.directory.sessionCount)}"#
            respond(
                rest == nil ? .ok : .serviceUnavailable,
                body,
                hasBody: hasBody,
                retryAfter: rest,
                context
            )
        case .refused(let status, let error): refuse(status, error, context)
        case .login(let step):
            if let refusal = identify(context) { return refuseNoted(refusal, context) }
            logIn(step, context)
        case .session(var terms, let head, let key):
            if let refusal = gate.refusalOfSession() ?? identify(context) { return refuseNoted(refusal, context) }
            guard admit(&terms, head, context) else { return }
            if let refusal = loop.refusal(of: terms.mobile) { return refuseNoted(refusal, context) }
            upgrade(terms, head, key, context)
        }
    }

    /// Asks for the client that a proxy has named, for as long as the connection stands.
    private func identify(_ context: ChannelHandlerContext) -> Refusal? {
        guard isBehindProxy else { return nil }
        if let refusal = gate.identify(client, now: HubTime.now().nanoseconds) { return refusal }
        context.channel.closeFuture.whenComplete { [gate, client] _ in gate.forget(client) }
        return nil
    }

    private func upgrade(
        _ terms: SessionTerms,
        _ request: HTTPRequestHead,
        _ key: String,
        _ context: ChannelHandlerContext
    ) {
        let compression: AgreedCompression?
        do throws(WireError) {
            compression = try loop.compressor?.agree(request.headers["Sec-WebSocket-Extensions"])
        } catch {
            return refuse(.badRequest, error, context)
        }
        var headers = ProtocolSwitch.headers(accepting: key)
        if let chosen = terms.subprotocol { headers.add(name: "Sec-WebSocket-Protocol", value: chosen) }
        if let compression { headers.add(name: "Sec-WebSocket-Extensions", value: compression.header) }
        become(terms, headers, compression, context)
    }

    private func become(
        _ terms: SessionTerms,
        _ headers: HTTPHeaders,
        _ compression: AgreedCompression?,
        _ context: ChannelHandlerContext
    ) {
        if compression != nil { readLess(context.channel) }
        let socket = ServerWebSocket(
            channel: context.channel,
            maximumMessage: limits.frameBytes,
            compression: compression,
            share: loop.share,
            isInTheClear: isInTheClear
        )
        ProtocolSwitch(guard: httpGuard, encoder: encoder, decoder: decoder).run(
            headers,
            to: socket,
            from: self,
            context,
            open: { HubSession.open(terms, on: socket, loop: loop, limits: limits) },
            settle: { [loop] in loop.settle() }
        )
    }

    /// A compressed byte can be a thousand, so fewer are read in a turn.
    private func readLess(_ channel: any Channel) {
        channel.setOption(.recvAllocator, value: ReadBuffers(large: 1_024)).whenFailure { _ in }
        channel.setOption(.maxMessagesPerRead, value: 1).whenFailure { _ in }
    }

    private func refuseNoted(_ refusal: Refusal, _ context: ChannelHandlerContext) {
        gate.note(refusal, now: HubTime.now().nanoseconds)
        refuse(refusal, context)
    }

    private func refuse(_ refusal: Refusal, _ context: ChannelHandlerContext) {
        refuse(refusal.status, refusal.error, retryAfter: refusal.retryAfter, context)
    }

    func refuse(
        _ status: HTTPResponseStatus,
        _ error: WireError,
        retryAfter: Int? = nil,
        _ context: ChannelHandlerContext
    ) {
        respond(
            status,
            String(decoding: FrameEncoder.encodeRefusal(error), as: UTF8.self),
            hasBody: head?.method != .HEAD,
            retryAfter: retryAfter,
            context
        )
    }

    func respond(
        _ status: HTTPResponseStatus,
        _ body: String,
        hasBody: Bool,
        retryAfter: Int? = nil,
        _ context: ChannelHandlerContext
    ) {
        var headers = HTTPHeaders([
            ("Content-Type", "application/json"), ("Content-Length", "\(body.utf8.count)"), ("Connection", "close"),
            ("Date", WallClock.httpDate(WallClock.unixMilliseconds() / 1_000)),
        ])
        if let retryAfter { headers.add(name: "Retry-After", value: "\(retryAfter)") }
        if status == .unauthorized { headers.add(name: "WWW-Authenticate", value: "Bearer") }
        if status == .upgradeRequired { headers.add(name: "Upgrade", value: "websocket") }
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if hasBody { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil) }
        let channel = context.channel
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        guard !isCutOff else { return httpGuard.linger(channel) }
        written.whenComplete { _ in channel.close(promise: nil) }
    }
}
