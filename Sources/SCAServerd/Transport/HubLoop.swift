internal import CoreMetrics
internal import Logging
internal import NIOCore
internal import SCACore

/// One event loop's part of the server, owned by that loop: its hub, its sessions' handlers, its mailbox, its one timer.
///
/// Everything that happens on the loop comes through `take`, and each burst of it ends with `settle`, which
/// flushes every outbox that was written to, posts the letters to other loops, and sets the timer.
/// What a write's completion brings is queued behind what is being handled, so the hub is never re-entered.
final class HubLoop {
    let eventLoop: any EventLoop
    let directory: Directory
    let log: ServerLog
    /// What compresses for this loop's sessions; nil if none may ask for it.
    let compressor: FrameCompressor?
    let share: LoopShare
    /// Who was not admitted here.
    var auth = AuthCounters()
    private var delay: LoopDelay?
    private let index: LoopID
    private let hub: Hub
    private let mailbox: Mailbox
    /// What is left of the mail that the last turn took.
    private var mail: ArraySlice<Hub.Letter> = []
    /// Whether the next turn goes on with it.
    private var isMailDue = false
    /// How much the hub has asked for so far.
    private var performed = 0
    private var peers: [LoopReference] = []

    private var handlers = SessionTable<ServerWebSocket>()
    private var names: SessionNames
    private var waiting: [Hub.Input] = []
    /// What the read that is under way has brought.
    private var arrived: [Hub.Input] = []
    /// Storage for what the hub asks, used again and again.
    private var actions: [Hub.Action] = []
    private var isHandling = false
    /// Whether the hub was told anything since the last burst was settled.
    private var isUnsettled = false
    private var isSettling = false
    private var written: [ServerWebSocket] = []
    /// Storage for those who are being flushed, used again and again.
    private var flushing: [ServerWebSocket] = []
    /// What the clocks showed at the read that is under way: they are not read again until it is settled.
    private var time: HubTime?
    /// Who has presence to send, which is sent in turns: everyone, after a change.
    private var announcing = CircularBuffer<ServerWebSocket>()
    private var isAnnouncing = false
    private var letters: [LoopID: [Hub.Letter]] = [:]
    private var timer: (deadline: Int64, task: Scheduled<Void>)?
    private var drained: EventLoopPromise<Void>?
    /// So many frames, or bytes, of presence are sent in a turn of the loop, so that a message waits for no more than these.
    private static let announcedFrames = 128
    private static let announcedBytes = 1 << 20
    /// So many letters, and actions that came of them, are handled in a turn, a millisecond or two: one letter may be for many sessions.
    private static let mailedWork = 2_048
    /// Room for so many inputs or actions is kept; a crowd's presence takes more.
    private static let keptRoom = 256
    /// Nothing may be scheduled on an event loop that is about to end.
    private(set) var isStopping = false

    init(
        index: LoopID,
        of count: Int,
        eventLoop: any EventLoop,
        directory: Directory,
        configuration: HubConfiguration,
        mailbox: Mailbox,
        log: ServerLog,
        compression: DeflatePolicy? = nil
    ) {
        self.index = index
        self.eventLoop = eventLoop
        self.directory = directory
        self.mailbox = mailbox
        self.log = log
        share = LoopShare(eventLoop: eventLoop)
        names = SessionNames(loop: index)
        compressor = compression.map { FrameCompressor(policy: $0) }
        hub = Hub(
            loop: index,
            of: count,
            configuration: configuration,
            directory: directory,
            now: HubTime(eventLoop.now)
        )
    }

    /// Tells this loop of all loops, itself included, in order of their indices.
    func meet(_ peers: [LoopReference]) {
        self.peers = peers
    }

    func refusal(of mobile: Mobile) -> Refusal? {
        hub.refusal(of: mobile, now: now())
    }

    /// See `Hub.secondsOfDrain`.
    var secondsOfDrain: Int? { hub.secondsOfDrain(now: now()) }

    /// What it has counted so far.
    var readings: LoopReadings {
        LoopReadings(
            hub: hub.counters,
            traffic: share.traffic,
            auth: auth,
            presence: hub.presence?.counts ?? Presence.Counts()
        )
    }

    /// Has the loop's delay measured until it ends.
    func measure(with timer: CoreMetrics.Timer) {
        let delay = LoopDelay(eventLoop: eventLoop, timer: timer)
        delay.start()
        self.delay = delay
    }

    /// Names a session for a handler; `open` or `closed` must follow.
    func register(_ handler: ServerWebSocket) -> SessionID {
        let id = names.take()
        handlers[id] = handler
        return id
    }

    /// Opens a session whose upgrade is done.
    func open(_ id: SessionID, _ terms: SessionTerms) {
        log.logger.debug(
            "session opened",
            metadata: [LogKey.mobile: log.name(terms.mobile), LogKey.dialect: "\(terms.dialect.rawValue)"]
        )
        take(.connected(id, terms))
        settle()
    }

    /// Forgets a session's handler when its channel is gone.
    func closed(_ id: SessionID) {
        take(.disconnected(id))
        // Once only: a name given back twice would name two.
        if handlers.removeValue(for: id) != nil { names.giveBack(id) }
        settle()
    }

    /// Notes an input of the read that is under way; `takeArrived` must follow.
    func note(_ input: Hub.Input) {
        arrived.append(input)
    }

    /// Hands what a read has brought to the hub, in order, and does what it asks.
    func takeArrived() {
        guard !isHandling else {
            waiting += arrived
            return arrived.removeAll()
        }
        isHandling = true
        isUnsettled = true
        let now = HubTime(eventLoop.now)
        time = now
        for input in arrived { hub.take(input, now: now) }
        arrived.removeAll(keepingCapacity: arrived.count <= Self.keptRoom)
        perform()
        takeWaiting(now)
        isHandling = false
    }

    /// Hands an input to the hub and does what it asks.
    func take(_ input: Hub.Input) {
        isUnsettled = true
        guard !isHandling else { return waiting.append(input) }
        isHandling = true
        let now = now()
        hub.take(input, now: now)
        perform()
        takeWaiting(now)
        isHandling = false
    }

    /// The kernel has taken so much of a session's outbox.
    func flushed(_ id: SessionID, bytes: Int, presence: Bool) {
        guard !isHandling else { return waiting.append(.flushed(id, bytes: bytes, presence: presence)) }
        hub.flushed(id, bytes: bytes, presence: presence)
        guard hub.hasActions else { return }
        isHandling = true
        perform()
        takeWaiting(now())
        isHandling = false
        if isUnsettled { settle() }
    }

    /// The loop's own clock: timers that go by another would fire too early, again and again, under virtual time.
    private func now() -> HubTime {
        time ?? HubTime(eventLoop.now)
    }

    private func takeWaiting(_ now: HubTime) {
        while !waiting.isEmpty {
            let next = waiting
            waiting = []
            for input in next { hub.take(input, now: now) }
            perform()
        }
    }

    /// Ends a read, which may have brought nothing but its end.
    func settleRead() {
        if isUnsettled { settle() }
    }

    /// Ends a burst: what is due is done, what was written goes out, the timer is set.
    ///
    /// A write may find that its client is gone, which ends that session at once, and so this again: it is then left to the one that is
    /// under way. One within the other, a crowd that is gone would take the whole stack.
    func settle() {
        guard !isHandling, !isSettling else { return }
        isSettling = true
        repeat {
            isUnsettled = false
            isHandling = true
            hub.pass(now: now())
            perform()
            isHandling = false
            flushWritten()
            time = nil
            if !isAnnouncing { announce() }
        } while isUnsettled
        isSettling = false
        postLetters()
        setTimer()
    }

    private func flushWritten() {
        repeat {
            swap(&written, &flushing)
            for handler in flushing { handler.flush() }
            flushing.removeAll(keepingCapacity: flushing.count <= Self.keptRoom)
            let queued = waiting
            waiting = []
            for input in queued { take(input) }
        } while !written.isEmpty || !waiting.isEmpty
    }

    /// Takes what other loops have posted, as much as a turn allows; the rest waits until the loop has looked at its sockets.
    func readMail() {
        guard !isMailDue else { return }
        var work = 0
        repeat {
            if mail.isEmpty { mail = mailbox.takeAll()[...] }
            guard let letter = mail.popFirst() else { break }
            let before = performed
            take(.letter(letter))
            work += 1 + performed - before
        } while work < Self.mailedWork
        settle()
        isMailDue = work >= Self.mailedWork && !isStopping
        guard isMailDue else { return }
        eventLoop.inNextTurn {
            self.isMailDue = false
            self.readMail()
        }
    }

    /// Says goodbye to every session; the future completes when all have been told.
    func drain(window: Int64) -> EventLoopFuture<Void> {
        let promise = drained ?? eventLoop.makePromise(of: Void.self)
        drained = promise
        take(.drain(window: window))
        settle()
        return promise.futureResult
    }

    /// Closes every session's channel at once, without goodbye; the event loop may end after it.
    func stop() {
        isStopping = true
        share.farewells.isStopping = true
        delay?.stop()
        timer?.task.cancel()
        timer = nil
        handlers.values.forEach { $0.abandon() }
    }

    /// How many channels are still open, those that have been told to go included.
    var openChannels: Int { handlers.count }

    private func perform() {
        guard hub.hasActions else { return }
        hub.takeActions(&actions)
        performed &+= actions.count
        for action in actions {
            switch action {
            case .send(let id, let frame): write(id) { $0.append(frame) }
            case .sendPresence(let id, let frame):
                guard let handler = handlers[id] else { break }
                handler.setPresence(frame)
                if !handler.isMarkedAnnouncing {
                    handler.isMarkedAnnouncing = true
                    announcing.append(handler)
                }
            case .close(let id, let reason):
                log.logger.debug("closing session", metadata: [LogKey.code: "\(reason.code)"])
                handlers[id]?.close(reason)
            case .pauseReading(let id): handlers[id]?.setReading(false)
            case .resumeReading(let id): handlers[id]?.setReading(true)
            case .post(let letter, let loop): letters[loop, default: []].append(letter)
            case .drained: drained?.succeed()
            }
        }
        actions.removeAll(keepingCapacity: actions.count <= Self.keptRoom)
    }

    private func write(_ id: SessionID, _ body: (ServerWebSocket) -> Void) {
        guard let handler = handlers[id] else { return }
        body(handler)
        if !handler.isMarkedWritten {
            handler.isMarkedWritten = true
            written.append(handler)
        }
    }

    /// Sends presence to the next of those who have some; the rest have their turn after the loop has looked at its sockets.
    private func announce() {
        var (frames, bytes) = (0, 0)
        while frames < Self.announcedFrames, bytes < Self.announcedBytes, let handler = announcing.popFirst() {
            handler.isMarkedAnnouncing = false
            bytes += handler.queuedPresence
            frames += 1
            handler.flush()
        }
        isAnnouncing = !announcing.isEmpty && !isStopping
        guard isAnnouncing else { return }
        eventLoop.inNextTurn {
            self.isAnnouncing = false
            self.settle()
        }
    }

    private func postLetters() {
        guard !letters.isEmpty else { return }
        for (loop, letters) in letters { peers[loop].post(letters) }
        letters.removeAll(keepingCapacity: true)
    }

    private func setTimer() {
        guard !isStopping, let deadline = hub.nextDeadline else { return }
        if let timer, timer.deadline <= deadline { return }
        timer?.task.cancel()
        let task = eventLoop.assumeIsolated().scheduleTask(
            deadline: .uptimeNanoseconds(UInt64(clamping: deadline))
        ) { [weak self] in
            guard let self else { return }
            timer = nil
            settle()
        }
        timer = (deadline, task)
    }
}
