internal import NIOCore
internal import NIOPosix
internal import SCACore

@testable internal import SCAClient

/// A server on loopback that does what the test tells it, frame by frame.
final class ScriptedServer: Sendable {
    /// How it answers the upgrade.
    enum Greeting: Sendable {
        /// Selects `sca.v2` and says hello, both in one write.
        case v2
        /// Upgrades, and selects nothing.
        case base
        /// Upgrades with this subprotocol, and says these frames in the same write.
        case upgrade(String?, [ServerFrame])
        /// These bytes, and nothing more.
        case bytes([UInt8])
        /// Ends the connection.
        case hangUp
        /// Nothing, ever.
        case silence
    }

    let endpoint: Endpoint
    private let channel: any Channel
    private let sessions: AsyncStream<ScriptedSession>

    /// Listens on a port of the system's choice.
    init(_ greeting: Greeting = .v2) async throws {
        let (sessions, continuation) = AsyncStream.makeStream(of: ScriptedSession.self)
        self.sessions = sessions
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let session = ScriptedSession(channel)
                    try channel.pipeline.syncOperations.addHandler(ScriptedHandler(greeting, session))
                    continuation.yield(session)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        endpoint = Endpoint(scheme: .ws, host: "127.0.0.1", port: channel.localAddress?.port ?? 0)
    }

    /// The next connection that was made to it.
    func session() async -> ScriptedSession? {
        var iterator = sessions.makeAsyncIterator()
        return await iterator.next()
    }

    /// Stops listening, and waits until nobody listens there: a program that another test is starting has all our
    /// descriptors until it runs.
    func stop() async throws {
        try await channel.close()
        let client = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        while let late = try? await client.connect(host: endpoint.host, port: endpoint.port).get() {
            try? await late.close()
        }
    }
}

/// What a scripted server hears.
enum Heard: Hashable, Sendable {
    /// The request for the upgrade.
    case request(String)
    case frame(ClientFrame)
    case ping([UInt8])
    case pong([UInt8])
    case close(CloseReason)
    /// The connection ended.
    case end
}

/// One connection to a scripted server.
final class ScriptedSession: Sendable {
    fileprivate let hear: AsyncStream<Heard>.Continuation
    private let channel: any Channel
    private let heard: AsyncStream<Heard>

    fileprivate init(_ channel: any Channel) {
        self.channel = channel
        (heard, hear) = AsyncStream.makeStream(of: Heard.self)
    }

    /// What comes next from the client; nil after the end.
    func next() async -> Heard? {
        var iterator = heard.makeAsyncIterator()
        return await iterator.next()
    }

    /// The next frame of the protocol, whatever comes before it.
    func nextFrame() async -> ClientFrame? {
        while let heard = await next() {
            if case .frame(let frame) = heard { return frame }
        }
        return nil
    }

    /// Says frames, in one write.
    func say(_ frames: ServerFrame...) {
        sayAll(frames)
    }

    func sayAll(_ frames: [ServerFrame]) {
        write(frames.flatMap { WebSocketFrame.encode(.text, payload: FrameEncoder.encode($0)) })
    }

    func write(_ bytes: [UInt8]) {
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    /// Sends a close frame and, as servers do, ends the connection.
    func close(_ reason: CloseReason) {
        write(WebSocketFrame.encode(.close, payload: WebSocketFrame.closePayload(reason)))
        hangUp()
    }

    func hangUp() {
        channel.close(promise: nil)
    }
}

private final class ScriptedHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let greeting: ScriptedServer.Greeting
    private let session: ScriptedSession
    private var request: [UInt8]? = []
    private var parser = FrameParser(role: .server, maximumMessage: 1 << 20)

    init(_ greeting: ScriptedServer.Greeting, _ session: ScriptedSession) {
        self.greeting = greeting
        self.session = session
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Array(unwrapInboundIn(data).readableBytesView)
        guard var head = request else { return parse(&bytes) }
        head += bytes
        request = head
        guard head.suffix(4).elementsEqual("\r\n\r\n".utf8) else { return }
        request = nil
        let text = String(decoding: head, as: UTF8.self)
        session.hear.yield(.request(text))
        greet(text, context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        session.hear.yield(.end)
        session.hear.finish()
    }

    private func greet(_ request: String, _ context: ChannelHandlerContext) {
        switch greeting {
        case .v2: upgrade(request, Dialect.subprotocol, [.hello(Words.hello)])
        case .base: upgrade(request, nil, [])
        case .upgrade(let subprotocol, let frames): upgrade(request, subprotocol, frames)
        case .bytes(let bytes): session.write(bytes)
        case .hangUp: context.close(promise: nil)
        case .silence: return
        }
    }

    private func upgrade(_ request: String, _ subprotocol: String?, _ frames: [ServerFrame]) {
        let said = frames.flatMap { WebSocketFrame.encode(.text, payload: FrameEncoder.encode($0)) }
        session.write(Handshake.accept(request, subprotocol: subprotocol) + said)
    }

    private func parse(_ bytes: inout [UInt8]) {
        var span = bytes.mutableSpan
        do throws(CloseReason) {
            try parser.consume(&span) { kind, payload in
                switch WebSocketEvent(kind, payload) {
                case .text(let bytes):
                    if let frame = try? FrameDecoder().clientFrame(bytes.span) { session.hear.yield(.frame(frame)) }
                case .binary: break
                case .ping(let bytes): session.hear.yield(.ping(bytes))
                case .pong(let bytes): session.hear.yield(.pong(bytes))
                case .close(let reason): session.hear.yield(.close(reason))
                }
                return .proceed
            }
        } catch {
            session.hear.yield(.close(error))
        }
    }
}
