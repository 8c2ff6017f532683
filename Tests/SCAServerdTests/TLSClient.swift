import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// One TLS connection to a server on this machine: writes text, reads until what it waits for has come.
final class TLSClient: Sendable {
    private let channel: any Channel
    private let collector: EventLoopPromise<Void>
    private let bound: NIOLoopBound<Reader>

    /// Connects and shakes hands, trusting the authority alone.
    ///
    /// - Throws: what NIOSSL says against the server.
    init(port: Int, authority pem: String, _ change: (inout TLSConfiguration) -> Void = { _ in }) async throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)))
        change(&configuration)
        let context = try NIOSSLContext(configuration: configuration)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let handshake = loop.makePromise(of: Void.self)
        let reader = try await loop.submit { NIOLoopBound(Reader(handshake), eventLoop: loop) }.get()
        channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let tls = try NIOSSLClientHandler(context: context, serverHostname: "localhost")
                    try channel.pipeline.syncOperations.addHandlers([tls, reader.value] as [any ChannelHandler])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        collector = handshake
        bound = reader
        try await handshake.futureResult.get()
    }

    deinit { channel.close(promise: nil) }

    func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

    /// Waits until so much has come, or the connection is over.
    ///
    /// - Returns: everything that has come so far.
    func reads(until words: String) async throws -> String {
        try await channel.eventLoop.flatSubmit { [bound] in bound.value.wait(for: words) }.get()
    }

    /// Waits for the server to close.
    func readsToEnd() async throws -> String { try await reads(until: "\u{0}") }

    /// Collects what comes.
    final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let handshake: EventLoopPromise<Void>
        private var text = ""
        private var isOver = false
        private var waiting: (words: String, promise: EventLoopPromise<String>)?

        init(_ handshake: EventLoopPromise<Void>) {
            self.handshake = handshake
        }

        func wait(for words: String) -> EventLoopFuture<String> {
            let promise = handshake.futureResult.eventLoop.makePromise(of: String.self)
            waiting = (words, promise)
            look()
            return promise.futureResult
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case TLSUserEvent.handshakeCompleted = event { handshake.succeed() }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(decoding: unwrapInboundIn(data).readableBytesView, as: UTF8.self)
            look()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            handshake.fail(error)
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            isOver = true
            handshake.fail(ChannelError.eof)
            look()
        }

        private func look() {
            guard let (words, promise) = waiting, isOver || text.contains(words) else { return }
            waiting = nil
            promise.succeed(text)
        }
    }
}
