package import NIOCore
package import SCACore

/// The server's end of a WebSocket, owned by its event loop: bytes to a session's events, outbox to bytes.
///
/// The raw read buffer is parsed where it lies; what it holds is handed to the session in one piece, and at the
/// end of the read everything that came of it is flushed once. Who brings much at once is read in turns
/// (`ReadTurns`). What comes although nobody asked is held and handed on in turns: once the client has shut its output, NIO reads all that
/// it has sent, whatever it was told. The end: after our close frame the output is shut and the channel waits, at most `lingerTime`,
/// for the client to close, reading and discarding, so that the close frame is not lost to a reset.
package final class ServerWebSocket: ChannelDuplexHandler, TurnTaker {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum State {
        case open
        /// Our close frame is queued; nothing more is handed to the session.
        case closing
        case closed
    }

    /// How frames reach the kernel.
    private enum Way {
        /// Through the channel: there is TLS between.
        case channel
        /// Through the channel until a write is done, and with it all that came before: the answer to the upgrade.
        case channelFirst
        /// Straight, unless it has no room.
        case straight(KernelSocket)
    }

    private static let lingerTime = TimeAmount.seconds(2)
    /// Who brings so many bytes or frames in a turn has much to say: more than one message of the usual limits.
    private static let manyBytes = 8_192
    private static let manyFrames = 128

    private var outbox = Outbox()
    /// Whether the loop will flush this outbox when it settles.
    var isMarkedWritten = false
    /// Whether the loop will flush it once it is its turn to be told of presence.
    var isMarkedAnnouncing = false
    /// How much presence is queued, in bytes.
    var queuedPresence: Int { outbox.queuedPresence }

    private let channel: any Channel
    private var parser: FrameParser
    private var state = State.open
    private var session: (any WebSocketSession)?
    /// Nil if none was agreed.
    private let compression: AgreedCompression?
    private let share: LoopShare
    /// What the last read brought; bytes of compressed messages as what they were.
    private var arrived = (bytes: 0, frames: 0)
    private var isWaitingForTurn = false
    /// Whether the session may be read from.
    private var isReading = true
    /// What has come while nothing was to be read: no more than the kernel held (`ListenerPipeline.unreadBytes`).
    private var held: [ByteBuffer] = []
    /// Whether a turn is asked for soon, to go on with what is held.
    private var isGoingOn = false
    /// The client has shut its output: behind what is held nothing comes.
    private var isInputClosed = false
    private var way: Way
    private var context: ChannelHandlerContext?

    /// - Parameters:
    ///   - channel: What to speak on, behind the upgrade.
    ///   - maximumMessage: The longest message accepted, in bytes, after it is inflated.
    ///   - compression: What was agreed with the client.
    package convenience init(channel: any Channel, maximumMessage: Int, compression: AgreedCompression? = nil) {
        self.init(
            channel: channel,
            maximumMessage: maximumMessage,
            compression: compression,
            share: LoopShare(eventLoop: channel.eventLoop),
            isInTheClear: true
        )
    }

    init(
        channel: any Channel,
        maximumMessage: Int,
        compression: AgreedCompression?,
        share: LoopShare,
        isInTheClear: Bool
    ) {
        self.channel = channel
        self.compression = compression
        self.share = share
        way = isInTheClear ? .channelFirst : .channel
        parser = FrameParser(role: .server, maximumMessage: maximumMessage, terms: compression?.terms)
    }

    /// Whether input still counts.
    package var isOpen: Bool { state == .open }

    /// Names the session; called once, when the handler is in its pipeline and the 101 is written.
    package func open(_ session: any WebSocketSession) {
        self.session = session
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state == .open, let session else { return }
        let buffer = unwrapInboundIn(data)
        if isReading, !isWaitingForTurn, held.isEmpty { take(buffer, session) } else { held.append(buffer) }
    }

    /// Hands on what is in a piece of what was read.
    private func take(_ buffer: ByteBuffer, _ session: any WebSocketSession) {
        let count = buffer.readableBytes
        share.traffic.received &+= count
        var violation: CloseReason?
        var goodbye: CloseReason?
        var (frames, inflated) = (0, 0)
        share.scratch.withCopy(of: buffer) { bytes in
            do throws(CloseReason) {
                try parser.consume(bytes) { kind, payload in
                    frames += 1
                    inflated += payload.count
                    if case .close(let reason) = kind { goodbye = reason } else { session.received(kind, payload) }
                    return .proceed
                }
            } catch {
                violation = error
            }
        }
        let fragments = parser.takeFragments()
        arrived.bytes += max(count, inflated)
        arrived.frames += frames + fragments
        session.act(self, bytes: count, fragments: fragments)
        // A goodbye is answered by its own code (RFC 6455, section 5.5.1), what broke the protocol by why.
        if violation != nil, goodbye == nil { share.traffic.protocolErrors += 1 }
        if let reason = goodbye.map({ CloseReason(code: $0.code) }) ?? violation { leave(reason) }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        session?.settle()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        state = .closed
        share.turns.leave(self)
        held = []
        outbox.discard()
        session?.closed()
        context.fireChannelInactive()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            isInputClosed = true
            if held.isEmpty { end() }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// The client will send nothing more, so the session is over.
    private func end() {
        guard state != .closed else { return }
        state = .closed
        outbox.discard()
        share.farewells.close(channel)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        session?.failed(error)
        channel.close(promise: nil)
    }

    /// Is asked for after each read, and when reading goes on.
    package func read(context: ChannelHandlerContext) {
        guard !isWaitingForTurn, held.isEmpty else { return }
        let hasMuch = arrived.bytes >= Self.manyBytes || arrived.frames >= Self.manyFrames
        arrived = (0, 0)
        if hasMuch, state == .open {
            isWaitingForTurn = !share.turns.ask(self)
        } else {
            share.turns.end(self)
        }
        if !isWaitingForTurn { context.read() }
    }

    func takeTurn() {
        isWaitingForTurn = false
        if held.isEmpty { context?.read() } else { takeHeld() }
    }

    /// Goes on with what is held, in the session's turn, after the loop has looked at its sockets.
    private func goOn() {
        guard !isGoingOn, session?.isStopping != true else { return }
        isGoingOn = true
        channel.eventLoop.inNextTurn { [self] in
            isGoingOn = false
            guard isReading, !isWaitingForTurn, !held.isEmpty else { return }
            isWaitingForTurn = !share.turns.ask(self)
            if !isWaitingForTurn { takeHeld() }
        }
    }

    /// Hands on a piece of what is held; behind the last one the session is read from again, or over.
    private func takeHeld() {
        guard state == .open, let session else { return }
        take(held.removeFirst(), session)
        session.settle()
        guard held.isEmpty else { return isReading ? goOn() : () }
        if isInputClosed { end() } else if isReading, let context { read(context: context) }
    }

    /// Stops or goes on reading: a session that is too fast waits in the kernel's buffers.
    func setReading(_ isReading: Bool) {
        self.isReading = isReading
        if !isReading {
            isWaitingForTurn = false
            share.turns.leave(self)
        } else if !held.isEmpty {
            goOn()
        }
        channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
    }

    /// Queues a frame of its own; `flush` writes it.
    package func append(_ opcode: WebSocketOpcode, _ payload: [UInt8]) {
        guard state == .open else { return }
        append(EncodedFrame(opcode, payload: payload))
    }

    /// Queues a frame that may be shared with other sessions.
    func append(_ frame: EncodedFrame) {
        outbox.append(onWire(frame), counted: frame.count)
    }

    /// Queues a presence frame, in place of one that is queued already.
    func setPresence(_ frame: EncodedFrame) {
        outbox.setPresence(onWire(frame))
    }

    private func onWire(_ frame: EncodedFrame) -> EncodedFrame {
        guard let compression else { return frame }
        return compression.compressor.compress(frame, windowBits: compression.terms.server.windowBits)
    }

    /// Queues a close frame and closes the channel behind it.
    func close(_ reason: CloseReason) {
        guard state == .open else { return }
        state = .closing
        held = []
        // A client that does not read would never see a close frame behind a full outbox.
        if reason == .tooSlow { outbox.discard() }
        append(EncodedFrame(reason))
        setReading(true)
        flush()
        guard session?.isStopping != true else { return }
        channel.eventLoop.assumeIsolated().scheduleTask(in: Self.lingerTime) { [channel] in
            channel.close(promise: nil)
        }
    }

    /// Closes the channel as it is.
    func abandon() {
        state = .closed
        channel.close(promise: nil)
    }

    /// Writes what is queued, if nothing is being written.
    package func flush() {
        isMarkedWritten = false
        while let write = outbox.takeWrite() {
            share.traffic.sent &+= write.length
            guard let rest = sendStraight(write) else {
                writeDone(write)
                continue
            }
            return writeThrough(rest, of: write)
        }
    }

    /// Hands a lone buffer to the kernel, if that is the way.
    ///
    /// - Returns: what is left of the write, for the channel; nil if nothing is.
    private func sendStraight(_ write: Outbox.Write) -> ByteBuffer? {
        guard case .straight(let socket) = way, write.rest.isEmpty, channel.isActive else { return write.first }
        let sent = socket.send(write.first)
        guard sent < write.first.readableBytes else { return nil }
        var rest = write.first
        rest.moveReaderIndex(forwardBy: sent)
        return rest
    }

    /// Hands a write to the channel, its first buffer replaced by what is left of it.
    private func writeThrough(_ first: ByteBuffer, of write: Outbox.Write) {
        guard let context else { return }
        var last = first
        for buffer in write.rest {
            context.write(wrapOutboundOut(last), promise: nil)
            last = buffer
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { [self] result in
            guard case .success = result else { return _ = outbox.writeDone(write) }
            if case .channelFirst = way { way = KernelSocket(channel).map { .straight($0) } ?? .channel }
            writeDone(write)
            flush()
        }
        context.writeAndFlush(wrapOutboundOut(last), promise: written)
    }

    /// The kernel has taken a write.
    private func writeDone(_ write: Outbox.Write) {
        let presence = outbox.writeDone(write)
        session?.flushed(bytes: write.bytes, presence: presence)
        if outbox.isEmpty, state == .closing { channel.close(mode: .output, promise: nil) }
    }

    /// Answers a goodbye or a violation; the session hears that it is over.
    private func leave(_ reason: CloseReason) {
        guard state == .open else { return }
        close(reason)
        session?.left()
    }
}
