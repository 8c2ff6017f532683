internal import SCACore

@testable internal import SCAServerd

/// A server's process: the real hubs, outboxes and frame codec, with a loop's duties (`HubLoop`, `SessionHandler`) done in
/// virtual time. Letters between two loops keep their order and are late.
final class Server {
    /// A connection's end in the server.
    private final class Handler {
        let id: SessionID
        let terms: SessionTerms
        let line: Line
        var parser: FrameParser
        var outbox = Outbox()
        /// What the outbox and the writes under way hold, presence not counted, in bytes.
        var queued = 0
        var isOpen = true
        var isMarked = false
        let device: Disk?

        init(_ id: SessionID, _ terms: SessionTerms, _ line: Line, _ limit: Int, _ device: Disk?) {
            (self.id, self.terms, self.line, self.device) = (id, terms, line, device)
            parser = FrameParser(role: .server, maximumMessage: limit)
        }
    }

    static let outboxBytes = 1_536

    private unowned let world: World
    private let directory = Directory()
    private var hubs: [Hub] = []
    private var handlers: [SessionID: Handler] = [:]
    private var marked: [SessionID] = []
    private var waiting: [Hub.Input] = []
    private var isHandling = false
    private var lastLetter: [Int: Int64] = [:]
    private var timers: [Int64?]
    private var isDead = false
    private let decoder = FrameDecoder()
    private let configuration: HubConfiguration

    init(_ number: Int, loops: Int, _ world: World) {
        self.world = world
        var configuration = HubConfiguration()
        configuration.epoch = "e\(number)"
        configuration.pingTimeout = 8 * Agenda.second
        configuration.cleanupInterval = 2 * Agenda.second
        configuration.stallTimeout = 4 * Agenda.second
        configuration.outboxBytes = Self.outboxBytes
        configuration.rates = RateLimiter.Rates(framesPerSecond: 40, bytesPerSecond: 20_000)
        configuration.presenceBytesPerSecond = world.chance(50) ? 20_000 : 0
        self.configuration = configuration
        timers = Array(repeating: nil, count: loops)
        hubs = (0..<loops).map {
            Hub(loop: $0, of: loops, configuration: configuration, directory: directory, now: time)
        }
    }

    private var time: HubTime {
        HubTime(nanoseconds: world.agenda.now, unixMilliseconds: world.unixMilliseconds)
    }

    /// Lets a client in.
    ///
    /// - Returns: why not; nil if it is in.
    func accept(_ line: Line, _ request: World.Request) -> WireError? {
        let loop = line.number % hubs.count
        if let refusal = hubs[loop].refusal(of: request.mobile) { return refusal.error }
        var terms = SessionTerms(mobile: request.mobile)
        terms.dialect = request.isBase ? .base : .v2
        terms.isVisible = request.isVisible
        terms.wantsAllPresence = request.wantsAllPresence
        terms.sendsReceipts = !request.isBase && request.isVisible
        let id = SessionID(loop: loop, number: UInt64(line.number))
        let handler = Handler(id, terms, line, configuration.limits.frameBytes, request.disk)
        handlers[id] = handler
        line.attach(.server, Line.Owner(read: { self.read($0, handler) }, ended: { self.ended(handler) }))
        take(.connected(id, terms))
        settle()
        return nil
    }

    /// Says goodbye to everyone.
    func drain() {
        for loop in hubs.indices { perform(hubs[loop].handle(.drain(window: Agenda.second), now: time)) }
        settle()
    }

    /// The process is gone, or its machine: then nobody is told.
    func die(silently: Bool) {
        isDead = true
        for handler in handlers.values.sorted(by: { $0.line.number < $1.line.number }) {
            handler.line.detach(.server)
            if silently {
                handler.line.swallow(towards: .client)
                handler.line.swallow(towards: .server)
            } else {
                handler.line.cut()
            }
        }
    }

    // MARK: In

    private func read(_ bytes: [UInt8], _ handler: Handler) {
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

    private func input(_ kind: WebSocketMessageKind, _ payload: Span<UInt8>, _ handler: Handler) -> Hub.Input {
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
    private func ended(_ handler: Handler) {
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

    // MARK: The hub

    private func take(_ input: Hub.Input) {
        waiting.append(input)
        guard !isHandling else { return }
        isHandling = true
        while !waiting.isEmpty {
            let next = waiting.removeFirst()
            perform(hubs[next.loop].handle(next, now: time))
        }
        isHandling = false
    }

    private func settle() {
        guard !isHandling, !isDead else { return }
        for loop in hubs.indices { perform(hubs[loop].advance(now: time)) }
        while !marked.isEmpty || !waiting.isEmpty {
            let flushed = marked
            marked = []
            for id in flushed { handlers[id].map(flush) }
            if let first = waiting.first {
                waiting.removeFirst()
                take(first)
            }
        }
        for loop in hubs.indices { setTimer(loop) }
        check()
    }

    private func setTimer(_ loop: Int) {
        guard let deadline = hubs[loop].nextDeadline else { return }
        if let timer = timers[loop], timer <= deadline { return }
        timers[loop] = deadline
        world.agenda.at(deadline) { [weak self] in
            guard let self, !isDead, timers[loop] == deadline else { return }
            timers[loop] = nil
            settle()
        }
    }

    private func perform(_ actions: [Hub.Action]) {
        for action in actions {
            switch action {
            case .send(let id, let frame):
                guard let handler = handlers[id], handler.isOpen else { continue }
                handler.queued += frame.count
                handler.outbox.append(frame)
                mark(handler)
            case .sendPresence(let id, let frame):
                guard let handler = handlers[id], handler.isOpen else { continue }
                if world.mutation == .losesPresence, world.chance(30) { continue }
                handler.outbox.setPresence(frame)
                mark(handler)
            case .close(let id, let reason): handlers[id].map { close($0, reason) }
            case .pauseReading(let id): handlers[id]?.line.setReading(.server, false)
            case .resumeReading(let id): handlers[id]?.line.setReading(.server, true)
            case .post(let letter, let loop): post(letter, loop)
            case .drained: break
            }
        }
    }

    private func post(_ letter: Hub.Letter, _ loop: Int) {
        var arrival = world.agenda.now + world.random(0...20_000_000)
        if world.mutation != .lettersOvertake { arrival = max(arrival, lastLetter[loop] ?? 0) }
        lastLetter[loop] = arrival
        world.agenda.at(arrival) { [weak self] in
            guard let self, !isDead else { return }
            perform(hubs[loop].handle(.letter(letter), now: time))
            settle()
        }
    }

    // MARK: Out

    private func mark(_ handler: Handler) {
        guard !handler.isMarked else { return }
        handler.isMarked = true
        marked.append(handler.id)
    }

    private func flush(_ handler: Handler) {
        handler.isMarked = false
        guard let write = handler.outbox.takeWrite() else { return }
        let bytes = write.buffers.flatMap { Array($0.readableBytesView) }
        let flushed = Hub.Input.flushed(handler.id, bytes: write.bytes, presence: write.presence)
        handler.line.write(.server, bytes) { [weak self] in
            guard let self, !isDead else { return }
            handler.queued -= write.bytes
            handler.outbox.writeDone()
            waiting.append(flushed)
            if !handler.outbox.isEmpty { mark(handler) } else if !handler.isOpen { handler.line.finish(.server) }
            world.agenda.after(0) { self.settle() }
        }
    }

    private func close(_ handler: Handler, _ reason: CloseReason) {
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

    // MARK: What must be true

    /// After each step: the hubs know the sessions there are, and hold no more than they may.
    private func check() {
        let sessions = hubs.reduce(0) { $0 + $1.sessions.count }
        if sessions != directory.sessionCount {
            world.ledger.fail("the directory has \(directory.sessionCount) sessions, the hubs \(sessions)")
        }
        for hub in hubs {
            if hub.sessions.keys.contains(where: { handlers[$0]?.isOpen != true }) {
                world.ledger.fail("a session is leaked: a hub has it, and no connection is open for it")
            }
            if hub.timed.keys.contains(where: { hub.sessions[$0] == nil }) {
                world.ledger.fail("a timer is leaked: its session is gone")
            }
            if hub.unanswered.count > 512 { world.ledger.fail("\(hub.unanswered.count) messages wait for reports") }
        }
        for handler in handlers.values where handler.isOpen && handler.queued > Self.outboxBytes + Self.slack {
            world.ledger.fail("an outbox holds \(handler.queued) bytes; \(Self.outboxBytes) are allowed")
        }
        for handler in handlers.values where handler.parser.bufferCapacity > 2 * Line.capacity {
            world.ledger.fail("a parser holds \(handler.parser.bufferCapacity) bytes")
        }
    }

    /// Answers to a session's own frames are not refused: what one read can cause.
    private static let slack = 4_096

    /// Who has an open visible session: the truth about presence.
    var onlineMobiles: Set<Mobile> {
        Set(handlers.values.filter { $0.isOpen && $0.terms.isVisible }.map(\.terms.mobile))
    }

    /// How a message to this mobile must end when all is quiet: by its v2 and its base sessions.
    func visibleSessions(of mobile: Mobile) -> (v2: Int, base: Int) {
        let visible = handlers.values.filter { $0.isOpen && $0.terms.isVisible && $0.terms.mobile == mobile }
        let base = visible.count { $0.terms.dialect == .base }
        return (visible.count - base, base)
    }

    /// When all is quiet: as many sessions as there are clients, and nothing under way.
    func checkQuiet(clients: Int) {
        if handlers.count != clients { world.ledger.fail("\(handlers.count) connections for \(clients) clients") }
        if directory.sessionCount != clients {
            world.ledger.fail("\(directory.sessionCount) sessions in the directory for \(clients) clients")
        }
        for hub in hubs where !hub.unanswered.isEmpty {
            world.ledger.fail("\(hub.unanswered.count) messages still wait for another loop")
        }
    }
}

extension Hub.Input {
    /// Whose it is; letters are handed over elsewhere.
    fileprivate var loop: LoopID {
        switch self {
        case .connected(let id, _), .frame(let id, _, _), .badFrame(let id, _, _), .read(let id, _, _),
            .ping(let id, _), .pong(let id), .disconnected(let id), .flushed(let id, _, _):
            id.loop
        case .letter, .drain: 0
        }
    }
}

extension Span<UInt8> {
    /// The bytes as text, for the trace.
    fileprivate var text: String { withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
}
