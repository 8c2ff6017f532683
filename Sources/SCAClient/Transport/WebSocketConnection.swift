package import NIOCore
package import SCACore

// One WebSocket connection: bytes of the channel to messages, and back. Owned by its channel's event loop.
//
// In: each read goes through SCACore's `FrameParser`, each whole message to the reader, which is told when the read is
// complete (`FrameReader` makes frames of the protocol of them). Out: frames are encoded, masked and put into one array; what one batch
// wrote leaves with one write and one flush.
//
//     open ─close()→ closing (ours is sent: the peer's, or the end, is awaited) ─→ closed
//       └──the peer's close frame: answered, then the server is to end TCP────────↗    each wait is 1 s at most
//
// The owner hears of the end once: of a close frame at once, since nothing can follow it.
//
//   impossible (our bug)  frames before the upgrade: they are kept, and leave with the first flush
//   hostile (the server)  anything but RFC 6455: closed with what the parser says; binary messages: a bad frame
//   harmless              pongs nobody asked for; an end after the close frames

/// Speaks WebSocket on a channel, as a client.
package final class WebSocketConnection: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    /// Who is told; called on the event loop.
    struct Owner {
        /// What one read brought. Empty if only control frames came.
        let received: (WebSocketConnection, [Incoming]) -> Void
        /// It is over; the last call, and the only one of its kind.
        let lost: (WebSocketConnection, ClientError) -> Void
    }

    /// The longest message that a client takes, in bytes: a list of a million mobiles fits.
    static let maximumMessage = 1 << 24
    /// How long the other side may take to end the connection once that was agreed.
    private static let closingTime = TimeAmount.seconds(1)

    private enum State {
        case open
        case closing
        case closed
    }

    private let endpoint: Endpoint
    private var reader: (any WebSocketReader)?
    private var channel: (any Channel)?
    private var state = State.open
    private var parser = FrameParser(role: .client, maximumMessage: maximumMessage)
    private var hasArrived = false
    private var writer = FrameWriter()

    convenience init(endpoint: Endpoint, owner: Owner) {
        self.init(endpoint: endpoint, reader: FrameReader(owner))
    }

    /// - Parameters:
    ///   - endpoint: Whom errors name.
    ///   - reader: Who is told; kept until the end.
    package init(endpoint: Endpoint, reader: any WebSocketReader) {
        self.endpoint = endpoint
        self.reader = reader
    }

    /// Names the channel that this will speak on; if it was dropped in the meantime, the channel is closed.
    func attach(_ channel: any Channel) {
        guard case .closed = state else {
            self.channel = channel
            return
        }
        channel.close(promise: nil)
    }

    /// Goes on with compressed messages; called before any message, if the server agreed to them.
    func compress(_ terms: DeflateTerms) {
        parser = FrameParser(role: .client, maximumMessage: Self.maximumMessage, terms: terms)
        writer.compress(terms)
    }

    // MARK: Out

    /// Adds a frame to what the next `flush` writes.
    func append(_ clientFrame: ClientFrame) {
        guard case .open = state else { return }
        writer.append(clientFrame)
    }

    /// Adds a message as it is to what the next `flush` writes.
    package func append(_ opcode: WebSocketOpcode, _ payload: [UInt8]) {
        guard case .open = state else { return }
        writer.append(opcode, payload.span)
    }

    /// Writes what was appended.
    ///
    /// - Parameter promise: completed when the kernel has taken it; at once if there is nothing to write.
    /// - Returns: whether there was anything.
    @discardableResult
    package func flush(promise: EventLoopPromise<Void>? = nil) -> Bool {
        guard let channel, let buffer = writer.take(channel.allocator) else {
            promise?.succeed()
            return false
        }
        channel.writeAndFlush(buffer, promise: promise)
        return true
    }

    /// Closes politely: a close frame, and up to a second for the answer.
    func close(_ reason: CloseReason) {
        guard case .open = state else { return }
        writer.append(reason)
        state = .closing
        flush()
        endSoon()
    }

    /// Ends it now. The owner hears no more.
    func drop() {
        reader = nil
        state = .closed
        channel?.close(promise: nil)
    }

    /// Whether the socket is read. Off, the kernel's buffers fill up and then the server waits, or gives up.
    func setReading(_ isReading: Bool) {
        channel?.setOption(.autoRead, value: isReading).whenComplete { _ in }
    }

    // MARK: In

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .open = state else { return drainClosing(data) }
        var buffer = unwrapInboundIn(data)
        hasArrived = true
        var reason: CloseReason?
        do throws(CloseReason) {
            reason = try consume(&buffer)
        } catch {
            return breakOff(error)
        }
        if let reason { answerClose(reason) }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        deliver()
        flush()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        deliver()
        tellLost(ClientError(.connectionLost, "the connection to \(endpoint) was lost", hint: nil))
        channel = nil
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        deliver()
        let cause = (error as? IOError).map { Dialer.words($0.errnoCode) } ?? "\(error)"
        tellLost(ClientError(.connectionLost, "the connection to \(endpoint) was lost (\(cause))"))
        context.close(promise: nil)
    }

    /// Takes what was read; returns the reason of a close frame.
    private func consume(_ buffer: inout ByteBuffer) throws(CloseReason) -> CloseReason? {
        // The parser throws its own error type, which does not pass through a rethrowing closure.
        let result = buffer.withUnsafeMutableReadableBytes { bytes -> Result<CloseReason?, CloseReason> in
            Result { () throws(CloseReason) in
                var closed: CloseReason?
                try parser.consume(bytes) { kind, payload in
                    switch kind {
                    case .text, .binary: if case .open = state { reader?.received(kind, payload) }
                    case .ping: writer.append(.pong, payload)
                    case .pong: break
                    case .close(let reason): closed = reason
                    }
                    return .proceed
                }
                return closed
            }
        }
        return try result.get()
    }

    private func deliver() {
        guard hasArrived else { return }
        hasArrived = false
        reader?.deliver(from: self)
    }

    // MARK: The end

    /// Once we have said goodbye only the peer's goodbye counts, and then TCP may end.
    private func drainClosing(_ data: NIOAny) {
        guard case .closing = state else { return }
        var buffer = unwrapInboundIn(data)
        var isOver = true
        do throws(CloseReason) {
            isOver = try consume(&buffer) != nil
        } catch {
            // It is over anyway.
        }
        hasArrived = false
        if isOver { channel?.close(promise: nil) }
    }

    private func answerClose(_ reason: CloseReason) {
        deliver()
        writer.append(reason)
        state = .closed
        flush()
        endSoon()
        tellLost(Self.error(reason, endpoint))
    }

    /// The peer broke RFC 6455: it is told, and nothing it says after counts.
    private func breakOff(_ reason: CloseReason) {
        deliver()
        writer.append(reason)
        state = .closed
        flush()
        let code = reason.code == 1009 ? ClientError.Code.tooLarge : .protocolError
        tellLost(ClientError(code, "\(endpoint) broke the WebSocket protocol: \(reason.reason)"))
        channel?.close(promise: nil)
    }

    private func endSoon() {
        guard let channel else { return }
        let deadline = channel.eventLoop.scheduleTask(in: Self.closingTime) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in deadline.cancel() }
    }

    private func tellLost(_ error: ClientError) {
        let reader = reader
        self.reader = nil
        if case .open = state { state = .closed }
        reader?.lost(self, error)
    }
}
