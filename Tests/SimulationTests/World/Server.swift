internal import SCACore

@testable internal import SCAServerd

/// A server's process: the real hubs, outboxes and frame codec, with a loop's duties (`HubLoop`, `SessionHandler`) done in
/// virtual time. Letters between two loops keep their order and are late.
final class Server {
    static let outboxBytes = 1_536
    static let postedBytes = 2_048

    unowned let world: World
    let directory = Directory()
    var hubs: [Hub] = []
    var handlers: [SessionID: Handler] = [:]
    var marked: [SessionID] = []
    var waiting: [Hub.Input] = []
    private var isHandling = false
    private var lastLetter: [Int: Int64] = [:]
    private var timers: [Int64?]
    var isDead = false
    let decoder = FrameDecoder()
    let configuration: HubConfiguration

    init(_ number: Int, loops: Int, _ world: World) {
        self.world = world
        var configuration = HubConfiguration()
        configuration.epoch = "e\(number)"
        configuration.pingTimeout = 8 * Agenda.second
        configuration.cleanupInterval = 2 * Agenda.second
        configuration.stallTimeout = 4 * Agenda.second
        configuration.outboxBytes = Self.outboxBytes
        configuration.postedBytes = Self.postedBytes
        configuration.rates = RateLimiter.Rates(framesPerSecond: 40, bytesPerSecond: 20_000)
        configuration.presenceBytesPerSecond = world.chance(50) ? 20_000 : 0
        self.configuration = configuration
        timers = Array(repeating: nil, count: loops)
        hubs = (0..<loops).map {
            Hub(loop: $0, of: loops, configuration: configuration, directory: directory, now: time)
        }
    }

    var time: HubTime {
        HubTime(nanoseconds: world.agenda.now, unixMilliseconds: world.unixMilliseconds)
    }

    /// Lets a client in.
    ///
    /// - Returns: why not; nil if it is in.
    func accept(_ line: Line, _ request: World.Request) -> WireError? {
        let loop = line.number % hubs.count
        if let refusal = hubs[loop].refusal(of: request.mobile, now: time) { return refusal.error }
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

    // MARK: The hub

    func take(_ input: Hub.Input) {
        waiting.append(input)
        guard !isHandling else { return }
        isHandling = true
        while !waiting.isEmpty {
            let next = waiting.removeFirst()
            perform(hubs[next.loop].handle(next, now: time))
        }
        isHandling = false
    }

    func settle() {
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

    func perform(_ actions: [Hub.Action]) {
        for action in actions {
            switch action {
            case .send(let id, let frame):
                guard let handler = handlers[id], handler.isOpen else { continue }
                handler.queued += frame.count
                handler.outbox.append(frame)
                if world.mutation == .countsTooEarly {
                    waiting.append(.flushed(id, bytes: frame.count, presence: false))
                }
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
