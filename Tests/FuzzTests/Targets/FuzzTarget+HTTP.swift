internal import Logging
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOEmbedded
internal import SCACore

@testable internal import SCAServerd

// The front door, with the very handlers of the listener: the first byte chooses the cuts, the rest is what a client sends.
//
//   - an answer begins with a status line, and there is at most one head;
//   - a session is open just when the answer was 101;
//   - when the client has gone, no session, no handler and no channel is left.

extension FuzzTarget {
    static let http = FuzzTarget(name: "http") { bytes in
        var input = FuzzInput(bytes)
        let cuts = input.choice()
        try Door.shared.withLockedValue { try $0.knock(cuts == 0 ? [input.rest] : input.rest.pieces(cuts)) }
    }

    private static let log: Logger = {
        var logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        return logger
    }()

    /// A server's loop without threads and sockets, used again for each input.
    private struct Door: @unchecked Sendable {
        // Safe to send: it is only reached through the lock that holds it.
        static let shared = NIOLockedValueBox(Door())

        let eventLoop = EmbeddedEventLoop()
        let directory = Directory()
        let loop: HubLoop
        let pipeline: ListenerPipeline

        init() {
            let mailbox = Mailbox()
            let log = ServerLog(logger: FuzzTarget.log, showsMobiles: false)
            var configuration = ServerConfiguration()
            configuration.compressionWindowBits = 9
            loop = HubLoop(
                index: 0,
                of: 1,
                eventLoop: eventLoop,
                directory: directory,
                configuration: configuration.hub(epoch: "fuzz"),
                mailbox: mailbox,
                log: log,
                compression: DeflatePolicy(windowBits: 9)
            )
            let reference = LoopReference(
                eventLoop: eventLoop,
                mailbox: mailbox,
                bound: NIOLoopBound(loop, eventLoop: eventLoop)
            )
            loop.meet([reference])
            // Unlimited: a fuzzer knocks more often than anybody may.
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

        func knock(_ pieces: [[UInt8]]) throws {
            let channel = EmbeddedChannel(loop: eventLoop)
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
            try pipeline.open(channel)
            for piece in pieces where channel.isActive {
                // What the handlers throw at the end of the pipeline, a connection that goes wrong, is no finding.
                _ = try? channel.writeInbound(ByteBuffer(bytes: piece))
                eventLoop.run()
            }
            let answer = try Self.output(of: channel)
            let isUpgraded = answer.starts(with: "HTTP/1.1 101 ".utf8)
            try require(answer.isEmpty || answer.starts(with: "HTTP/1.1 ".utf8), "an answer without a status line")
            try require(isUpgraded || directory.sessionCount == 0, "a session without an upgrade")
            try require(!isUpgraded || directory.sessionCount <= 1, "\(directory.sessionCount) sessions of one client")
            channel.close(promise: nil)
            // Past every deadline of a channel: a linger, a handshake.
            eventLoop.advanceTime(by: .seconds(60))
            try require(directory.sessionCount == 0, "a session is left in the directory")
            try require(loop.openChannels == 0, "a handler is left in the loop")
            try require(!channel.isActive, "the channel is still open")
        }

        private static func output(of channel: EmbeddedChannel) throws -> [UInt8] {
            var bytes: [UInt8] = []
            while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += Array(buffer: buffer) }
            return bytes
        }
    }
}
