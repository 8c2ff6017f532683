internal import SCACore

@testable internal import SCAServerd

/// Its connections: bytes in through the real frame parser, bytes out of the real outbox.
extension Server {
    func read(_ bytes: [UInt8], _ handler: Handler) {
        guard !isDead, handler.isOpen else { return }
        var bytes = bytes
        var inputs: [Hub.Input] = []
        var violation: CloseReason?
        var span = bytes.mutableSpan
        do throws(CloseReason) {
            try handler.parser.consume(&span) { kind, payload in
                inputs.append(input(kind, payload, handler))
                return .proceed
            }
        } catch {
            violation = error
        }
        for input in inputs where handler.isOpen {
            if case .disconnected = input { close(handler, .normal) }
            take(input)
        }
        if let violation { world.ledger.fail("the server finds fault with a client: \(violation)") }
        settle()
    }

    func input(_ kind: WebSocketMessageKind, _ payload: Span<UInt8>, _ handler: Handler) -> Hub.Input {
        switch kind {
        case .text:
            do throws(WireError) {
                let frame = try decoder.clientFrame(payload)
                if case .receipt(let to, let id, .stored) = frame, let disk = handler.device,
                    !disk.durable.contains(Disk.Key(from: to, id: id))
                {
                    world.ledger.fail("\(handler.terms.mobile) says stored of \(id), which is on no disk of its")
                }
                world.trace("server < \(handler.line.number): \(payload.text)")
                return .frame(handler.id, frame, bytes: payload.count)
            } catch {
                world.ledger.fail("a client's frame is refused: \(error.message)")
                return .badFrame(handler.id, error, bytes: payload.count)
            }
        case .binary: return .badFrame(handler.id, WireError(.invalidFrame, "binary"), bytes: payload.count)
        case .ping: return .ping(handler.id, [])
        case .pong: return .pong(handler.id)
        case .close: return .disconnected(handler.id)
        }
    }

    /// The client has shut its output, or the line is cut: the session is over.
    func ended(_ handler: Handler) {
        guard !isDead, handlers[handler.id] != nil else { return }
        handler.isOpen = false
        handler.outbox.discard()
        handler.line.detach(.server)
        handler.line.finish(.server)
        handlers[handler.id] = nil
        world.trace("server: \(handler.line.number) has ended")
        if world.mutation == .forgetsLeaving, world.chance(20) { return settle() }
        take(.disconnected(handler.id))
        settle()
    }

    func mark(_ handler: Handler) {
        guard !handler.isMarked else { return }
        handler.isMarked = true
        marked.append(handler.id)
    }

    func flush(_ handler: Handler) {
        handler.isMarked = false
        guard let write = handler.outbox.takeWrite() else { return }
        let bytes = write.buffers.flatMap { Array($0.readableBytesView) }
        handler.line.write(.server, bytes) { [weak self] in
            guard let self, !isDead else { return }
            handler.queued -= write.bytes
            let presence = handler.outbox.writeDone(write)
            waiting.append(.flushed(handler.id, bytes: write.bytes, presence: presence))
            if !handler.outbox.isEmpty { mark(handler) } else if !handler.isOpen { handler.line.finish(.server) }
            world.agenda.after(0) { self.settle() }
        }
    }

    func close(_ handler: Handler, _ reason: CloseReason) {
        guard handler.isOpen else { return }
        handler.isOpen = false
        world.trace("server closes \(handler.line.number): \(reason.code)")
        if reason == .tooSlow {
            handler.outbox.discard()
        }
        handler.outbox.append(EncodedFrame(reason))
        handler.line.setReading(.server, true)
        mark(handler)
        world.agenda.after(2 * Agenda.second) { [weak self] in
            guard let self, !isDead else { return }
            ended(handler)
        }
    }
}

extension Span<UInt8> {
    /// The bytes as text, for the trace.
    fileprivate var text: String { withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
}
