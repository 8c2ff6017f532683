internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import SCACore

/// How a listening socket and each connection it accepts are set up.
struct ListenerPipeline: Sendable {
    let configuration: ServerConfiguration
    let loops: [LoopReference]
    let gate: AdmissionGate
    let doorkeeper: Doorkeeper
    /// Nil: in the clear.
    let tls: ServerTLS?
    let log: ServerLog

    /// What the kernel holds of a connection that it has not sent, in bytes; what waits besides waits in the outbox. It would let this
    /// grow to megabytes and say that there is room when a third of them has gone: for who reads slowly that is too late to be
    /// seen to read.
    static let unsentBytes = 128 << 10
    /// What the kernel is to hold of a connection that was not read, in bytes; Linux takes twice as much. Left alone it takes megabytes of a
    /// session that is not read from, and NIO reads all of it at once when the client shuts its output.
    static let unreadBytes = 128 << 10
    /// Connections that may wait to be accepted.
    private static let backlog: Int32 = 4_096
    /// How long the request of somebody may take who will be refused, at most.
    private static let refusalTimeout = TimeAmount.seconds(2)

    func bind(on group: MultiThreadedEventLoopGroup) async throws -> any Channel {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // What is accepted has it from the listener.
            .serverChannelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_NOTSENT_LOWAT)), value: Self.unsentBytes)
            .serverChannelOption(.socketOption(.so_rcvbuf), value: Self.unreadBytes)
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptErrorHandler(log: log))
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try setOptions(channel)
                    try open(channel)
                }
            }
        if let descriptor = configuration.listener {
            let listener = try await bootstrap.withBoundSocket(descriptor).get()
            // NIO has set a backlog of its own.
            listen(descriptor, Self.backlog)
            return listener
        }
        return try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
    }

    /// By hand, since the bootstrap's way takes a future for each.
    private func setOptions(_ channel: any Channel) throws {
        guard let options = channel.syncOptions else { return }
        try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try options.setOption(.allowRemoteHalfClosure, value: true)
        // 16 KiB in a turn of the loop, so that others come between (`ReadTurns`).
        try options.setOption(.maxMessagesPerRead, value: UInt(ReadBuffers.readsInATurn))
        try options.setOption(.recvAllocator, value: ReadBuffers())
    }

    /// The HTTP phase of a connection. The guard's time runs from here on, through TLS and HTTP.
    func open(_ channel: any Channel) throws {
        guard let reference = loops.first(where: { $0.eventLoop === channel.eventLoop }) else {
            throw ChannelError.inappropriateOperationForState
        }
        var timeout = TimeAmount.nanoseconds(configuration.handshakeTimeout.wholeNanoseconds)
        let peer = ClientAddress(peerOf: channel, configuration.trustedProxies)
        guard let verdict = judge(channel, peer) else { return channel.close(promise: nil) }
        var refused: Refusal?
        if case .refuse(let refusal) = verdict {
            refused = refusal
            timeout = min(timeout, Self.refusalTimeout)
        }
        let guardian = HandshakeGuard(maximumBytes: configuration.headBytes, timeout: timeout)
        let encoder = HTTPResponseEncoder()
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
        let door = UpgradeHandler(
            loop: reference.bound.value,
            gate: gate,
            refusal: refused,
            limits: configuration.limits,
            client: peer,
            proxies: configuration.trustedProxies,
            doorkeeper: doorkeeper,
            guard: guardian,
            encoder: encoder,
            decoder: decoder,
            isInTheClear: tls == nil
        )
        let pipeline = channel.pipeline.syncOperations
        if let tls { try pipeline.addHandlers([PlaintextCheck(), tls.makeHandler()] as [any ChannelHandler]) }
        try pipeline.addHandlers([guardian, encoder, decoder, door] as [any ChannelHandler])
    }
}

extension ListenerPipeline {
    /// Asks the gate, which is told when the connection is closed.
    ///
    /// - Returns: nil if it is to be closed at once.
    private func judge(_ channel: any Channel, _ peer: ClientAddress) -> Admission.Verdict? {
        let verdict = gate.arrive(peer, now: HubTime.now().nanoseconds)
        if case .drop = verdict { return nil }
        channel.closeFuture.whenComplete { [gate] _ in gate.depart(peer, verdict) }
        return verdict
    }
}

/// Stops accepting for a second when accepting fails, and says why, at most once in ten seconds.
///
/// Without file descriptors the waiting connection would make the listener readable again and again, and the
/// loop spin: NIO's own back-off delays the next read but leaves the socket registered. Those who wait
/// stay in the kernel's queue.
final class AcceptErrorHandler: ChannelInboundHandler {
    typealias InboundIn = Channel

    private static let pause = TimeAmount.seconds(1)

    private let log: ServerLog
    private var quietUntil = NIODeadline.uptimeNanoseconds(0)
    private var isPaused = false

    init(log: ServerLog) {
        self.log = log
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if NIODeadline.now() >= quietUntil {
            quietUntil = .now() + .seconds(10)
            let code = (error as? IOError)?.errnoCode
            let sentence =
                code == EMFILE || code == ENFILE
                ? "no file descriptors left: new connections wait until some close; raise the limit with ulimit -n"
                : "cannot accept connections; trying again"
            log.logger.error("\(sentence)", metadata: [LogKey.error: "\(error)"])
        }
        context.fireErrorCaught(error)
        guard !isPaused else { return }
        isPaused = true
        let channel = context.channel
        channel.setOption(.autoRead, value: false).whenFailure { _ in }
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.isPaused = false
            channel.setOption(.autoRead, value: true).whenFailure { _ in }
        }
    }
}
