internal import SCACore

/// `bot --each`: the program once for each message. The pool says which is next, each slot runs one at a time.
actor HandlerCrew: BotProgram {
    /// How many messages may wait.
    static let capacity = 1_024

    private let command: ProgramCommand
    private let limits: HandlerSlot.Limits
    private let slots: [HandlerSlot]
    private let exchange: Exchange
    private let voice: BotVoice
    private var pool: HandlerPool
    private var idle: [CheckedContinuation<Void, Never>] = []
    private var isStopped = false
    /// How many handlers were ended because the bot ends.
    private var cut = 0

    init(_ command: ProgramCommand, _ limits: HandlerSlot.Limits, slots: Int, _ exchange: Exchange, _ voice: BotVoice) {
        self.command = command
        self.limits = limits
        self.slots = (0..<slots).map { _ in HandlerSlot() }
        self.exchange = exchange
        self.voice = voice
        pool = HandlerPool(slots: slots, capacity: Self.capacity)
    }

    func deliver(_ message: HistoryRow) async {
        switch pool.append(message) {
        case .taken: wakeOne()
        case .dropped(let isNews): if isNews { await voice.reportLagging() }
        }
    }

    func run() async {
        await withDiscardingTaskGroup { group in
            for slot in slots { group.addTask { await self.work(slot) } }
        }
        let count = cut + pool.waiting
        if count > 0 { await voice.reportUnanswered(count) }
    }

    func stop() {
        isStopped = true
        for slot in slots { slot.stop() }
        for continuation in idle { continuation.resume() }
        idle.removeAll()
    }

    private func work(_ slot: HandlerSlot) async {
        while let message = await next() {
            let voice = voice
            let outcome = await slot.run(command, on: message, limits) { voice.passOn($0) }
            switch outcome {
            case .reply(let text): await exchange.reply(text, to: message.from, answering: voice.outlet)
            case .failed(let what): await report("\(command.name) \(what)", message)
            case .notStarted(let failure): await report(failure.message, message)
            case .stopped: cut += 1
            case .nothing: break
            }
            finish(message.from)
        }
    }

    private func next() async -> HistoryRow? {
        while !isStopped {
            if let message = pool.start() { return message }
            await withCheckedContinuation { idle.append($0) }
        }
        return nil
    }

    private func finish(_ sender: Mobile) {
        pool.finish(sender)
        if let count = pool.takeDropped() { voice.outlet.add(dropped: count) }
        wakeOne()
    }

    private func wakeOne() {
        idle.popLast()?.resume()
    }

    private func report(_ sentence: String, _ message: HistoryRow) async {
        await voice.report(
            .handlerFailed,
            "\(sentence); no reply to \(message.from)",
            hint: "look at what it was to answer: scactl history --peer \(message.from) --dir in -n 1"
        )
    }
}
