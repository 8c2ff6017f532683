internal import NIOCore
internal import SCACore

/// One WebSocket session's channel handler, owned by its event loop: bytes to hub inputs, outbox to bytes.
///
/// The raw read buffer is parsed where it lies; what it holds is handed to the hub one by one, and at the
/// end of the read everything that came of it is flushed once. The end of a session: after our close frame
/// the output is shut and the channel waits, at most `lingerTime`, for the client to close, reading
/// and discarding, so that the close frame is not lost to a reset.
final class SessionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case open
        /// Our close frame is queued; nothing more is handed to the hub.
        case closing
        case closed
    }

    private static let lingerTime = TimeAmount.seconds(2)
    /// So many bytes are counted at once, so that a burst of small messages costs the hub nothing more.
    private static let countedBytes = 4_096

    var outbox = Outbox()
    /// Whether the loop will flush this outbox when it settles.
    var isMarkedWritten = false

    private let loop: HubLoop
    private let decoder: FrameDecoder
    private let channel: any Channel
    private var parser: FrameParser
    private var state = State.open
    private var id: SessionID?
    private var inputs: [Hub.Input] = []
    /// Bytes read, less those of messages; below zero if a message was counted in part before it ended.
    private var uncounted = 0

    init(channel: any Channel, loop: HubLoop, limits: WireLimits) {
        self.channel = channel
        self.loop = loop
        decoder = FrameDecoder(limits: limits)
        parser = FrameParser(role: .server, maximumMessage: limits.frameBytes)
    }

    /// Tells the hub of the session; called once, when the handler is in its pipeline and the 101 is written.
    func open(_ terms: SessionTerms) {
        // The name comes first: the first write may find the client gone, and `channelInactive` needs the name.
        let id = loop.register(self)
        self.id = id
        loop.open(id, terms)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state == .open, let id else { return }
        var buffer = unwrapInboundIn(data)
        uncounted += buffer.readableBytes
        var violation: CloseReason?
        buffer.withUnsafeMutableReadableBytes { bytes in
            do throws(CloseReason) {
                try parser.consume(bytes) { kind, payload in
                    uncounted -= payload.count
                    inputs.append(input(kind, payload, id))
                    return .proceed
                }
            } catch {
                violation = error
            }
        }
        let arrived = inputs
        inputs.removeAll(keepingCapacity: true)
        for input in arrived {
            guard state == .open else { return }
            if case .disconnected = input { close(.normal) }
            loop.take(input)
        }
        countRest(id)
        if let violation { leave(violation) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        loop.settle()
    }

    func channelInactive(context: ChannelHandlerContext) {
        state = .closed
        outbox.discard()
        if let id { loop.closed(id) }
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The client has shut its output: it will send nothing more, so the session is over.
        if let event = event as? ChannelEvent, event == .inputClosed {
            state = .closed
            channel.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        loop.log.logger.debug("connection error", metadata: [LogKey.error: "\(error)"])
        channel.close(promise: nil)
    }

    /// Counts what is no message, headers and pieces and empty fragments, so that they are not for nothing.
    private func countRest(_ id: SessionID) {
        let fragments = parser.takeFragments()
        guard fragments > 0 || uncounted >= Self.countedBytes else { return }
        loop.take(.read(id, bytes: max(0, uncounted), fragments: fragments))
        uncounted = min(0, uncounted)
    }

    /// Stops or goes on reading: a session that is too fast waits in the kernel's buffers.
    func setReading(_ isReading: Bool) {
        channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
    }

    /// Queues a close frame and closes the channel behind it.
    func close(_ reason: CloseReason) {
        guard state == .open else { return }
        state = .closing
        // A client that does not read would never see a close frame behind a full outbox.
        if reason == .tooSlow { outbox.discard() }
        outbox.append(EncodedFrame(reason))
        setReading(true)
        flush()
        guard !loop.isStopping else { return }
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
    func flush() {
        isMarkedWritten = false
        guard let write = outbox.takeWrite() else { return }
        for buffer in write.buffers.dropLast() { channel.write(buffer, promise: nil) }
        guard let last = write.buffers.last else { return }
        let written = channel.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { [self] result in
            outbox.writeDone()
            guard case .success = result, let id else { return }
            loop.take(.flushed(id, bytes: write.bytes, presence: write.presence))
            if !outbox.isEmpty {
                flush()
            } else if state == .closing {
                channel.close(mode: .output, promise: nil)
            }
        }
        channel.writeAndFlush(last, promise: written)
    }

    /// The peer broke the WebSocket protocol: the hub forgets it, and it is told why.
    private func leave(_ reason: CloseReason) {
        guard state == .open else { return }
        close(reason)
        if let id { loop.take(.disconnected(id)) }
    }

    private func input(_ kind: WebSocketMessageKind, _ payload: Span<UInt8>, _ id: SessionID) -> Hub.Input {
        switch kind {
        case .text:
            do throws(WireError) {
                return .frame(id, try decoder.clientFrame(payload), bytes: payload.count)
            } catch {
                return .badFrame(id, error, bytes: payload.count)
            }
        case .binary:
            return .badFrame(
                id,
                WireError(.invalidFrame, "a frame must be a text message, this one is binary"),
                bytes: payload.count
            )
        case .ping: return .ping(id, payload.withUnsafeBufferPointer { Array($0) })
        case .pong: return .pong(id)
        case .close: return .disconnected(id)
        }
    }
}
