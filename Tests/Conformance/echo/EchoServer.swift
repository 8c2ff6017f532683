internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import SCACore
internal import SCAServerd

/// `scad` without the chat: its handshake guard, protocol switch, frames and closing, with an echo behind them.
struct EchoServer {
    /// The longest message, in bytes: what the cases of section 9 need.
    static let maximumMessage = 1 << 24

    /// Listens on a free port of 127.0.0.1.
    static func bind(on group: MultiThreadedEventLoopGroup) throws -> any Channel {
        try ServerBootstrap(group: group)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 8_192))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let guardian = HandshakeGuard(maximumBytes: 8_192, timeout: .seconds(10))
                    let encoder = HTTPResponseEncoder()
                    let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
                    let door = EchoDoor(ProtocolSwitch(guard: guardian, encoder: encoder, decoder: decoder))
                    try channel.pipeline.syncOperations.addHandlers(
                        [guardian, encoder, decoder, door] as [any ChannelHandler]
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
    }
}

/// Lets everyone in, at every path.
private final class EchoDoor: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let protocolSwitch: ProtocolSwitch
    /// One for a connection, where scad has one for an event loop; no client can tell. Hopeless messages are compressed as well,
    /// because kosoku's cases of section 12 do not understand the answer otherwise.
    private let compressor = FrameCompressor(policy: DeflatePolicy(windowBits: 15), skipsHopeless: false)
    private var head: HTTPRequestHead?

    init(_ protocolSwitch: ProtocolSwitch) {
        self.protocolSwitch = protocolSwitch
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data) { self.head = head }
        guard case .end = unwrapInboundIn(data), let head else { return }
        let compression: AgreedCompression?
        do throws(WireError) {
            compression = try compressor.agree(head.headers["Sec-WebSocket-Extensions"])
        } catch {
            return context.close(promise: nil)
        }
        guard let key = ProtocolSwitch.key(of: head) else { return context.close(promise: nil) }
        var headers = ProtocolSwitch.headers(accepting: key)
        if let compression { headers.add(name: "Sec-WebSocket-Extensions", value: compression.header) }
        let socket = ServerWebSocket(
            channel: context.channel,
            maximumMessage: EchoServer.maximumMessage,
            compression: compression
        )
        let session = EchoSession()
        protocolSwitch.run(
            headers,
            to: socket,
            from: self,
            context,
            open: { socket.open(session) },
            settle: { socket.flush() }
        )
    }
}

/// Sends back each message as it came, and pings as pongs.
private final class EchoSession: WebSocketSession {
    private var echoes: [(WebSocketOpcode, [UInt8])] = []

    let isStopping = false

    func received(_ kind: WebSocketMessageKind, _ payload: Span<UInt8>) {
        let bytes = payload.withUnsafeBufferPointer { Array($0) }
        switch kind {
        case .text: echoes.append((.text, bytes))
        case .binary: echoes.append((.binary, bytes))
        case .ping: echoes.append((.pong, bytes))
        case .pong, .close: break
        }
    }

    func act(_ socket: ServerWebSocket, bytes: Int, fragments: Int) {
        for (opcode, payload) in echoes { socket.append(opcode, payload) }
        echoes.removeAll()
        socket.flush()
    }

    func settle() {}
    func left() {}
    func flushed(bytes: Int, presence: Bool) {}
    func closed() {}
    func failed(_ error: any Error) {}
}
