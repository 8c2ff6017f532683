import Logging
import NIOCore
import NIOEmbedded
import SCACore

@testable import SCAServerd

/// A server's loop with the listener's own handlers, without threads, sockets and real time.
struct VirtualLoop {
    let eventLoop = EmbeddedEventLoop()
    let directory = Directory()
    let loop: HubLoop
    let mailbox = Mailbox()
    private let pipeline: ListenerPipeline

    init(_ configuration: ServerConfiguration = ServerConfiguration()) {
        let log = ServerLog(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, showsMobiles: false)
        loop = HubLoop(
            index: 0,
            of: 1,
            eventLoop: eventLoop,
            directory: directory,
            configuration: configuration.hub(epoch: "test"),
            mailbox: mailbox,
            log: log
        )
        let reference = LoopReference(
            eventLoop: eventLoop,
            mailbox: mailbox,
            bound: NIOLoopBound(loop, eventLoop: eventLoop)
        )
        loop.meet([reference])
        var limits = AdmissionLimits()
        limits.connectRate = 0
        pipeline = ListenerPipeline(
            configuration: configuration,
            loops: [reference],
            gate: AdmissionGate(limits, log: log),
            doorkeeper: Doorkeeper(AuthConfiguration(), keys: nil, signer: nil, log: log),
            tls: nil,
            log: log
        )
    }

    /// A session that is open; its 101 and what came at once behind it are taken out.
    func connect(_ path: String, protocols: String? = nil) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(loop: eventLoop)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        try pipeline.open(channel)
        let offer = protocols.map { "Sec-WebSocket-Protocol: \($0)\r\n" } ?? ""
        try channel.writeInbound(
            ByteBuffer(
                string: "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\(offer)"
                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
        )
        eventLoop.run()
        _ = try takeOutput(of: channel)
        return channel
    }

    func takeOutput(of channel: EmbeddedChannel) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += Array(buffer: buffer) }
        return bytes
    }
}
