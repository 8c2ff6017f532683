internal import SCACore

@testable internal import SCAClient

/// A client's process: the real machines, codec and history file, with the duties of `ChatClient` done in virtual time.
///
/// It may be stopped and go on (SIGSTOP), killed, or lose its power while it stores; a new process of the same device then
/// takes its place.
final class Client {
    let request: World.Request
    private let window: Int
    let name: String
    unowned let world: World
    private(set) var isGone = false
    private(set) var machine: ClientStateMachine
    var tracker: DeliveryTracker
    var presence: PresenceTracker
    var intake = Intake()
    var shelf = CopyShelf()
    var recent = RecentMessages()
    var history: HistoryFile?
    /// Where the history ended when the process began.
    let beginning: HistoryPosition?
    var storing: [HistoryRow] = []
    private var line: Line?
    private var parser = FrameParser(role: .client, maximumMessage: 1 << 20)
    private var outgoing: [UInt8] = []
    private var transmissions = 0
    private var pongs: [Bool] = []
    private var writeMark = 0
    private var timer: Int64?
    private var isStopped = false
    /// Submitted and not reported, by id.
    private var unreported: Set<MessageID> = []
    private var shown: Set<Disk.Key> = []
    /// What was said of messages, for who asks afterwards.
    private(set) var outcomes: [MessageID: DeliveryStatus] = [:]

    init(_ request: World.Request, name: String, _ world: World) {
        self.request = request
        self.name = name
        self.world = world
        beginning = HistoryFile.end(of: request.disk.path)
        var configuration = ClientConfiguration(endpoint: .local, mobile: request.mobile)
        configuration.isVisible = request.isVisible
        configuration.presence = request.wantsAllPresence ? .all : .none
        configuration.connectTimeout = .seconds(3)
        configuration.heartbeatInterval = .seconds(4)
        configuration.answerTimeout = .seconds(2)
        configuration.reconnect = ReconnectPolicy(base: .milliseconds(250), maximum: .seconds(2))
        configuration.window = world.isFlood ? 32 : 4
        window = configuration.window
        machine = ClientStateMachine(configuration: configuration, seed: UInt64(world.random(0 ... .max)))
        tracker = DeliveryTracker(window: configuration.window, seed: UInt64(world.random(0 ... .max)))
        presence = PresenceTracker(interest: configuration.presence)
        if !request.wantsAllPresence { presence.watch(world.mobiles) }
    }

    var now: Moment { world.moment }
    var isConnected: Bool { machine.info != nil && !isGone }
    var isReady: Bool { isConnected && !isStopped }
    var isOver: Bool { isGone }
    private var tellsWatched: Bool { machine.info?.dialect == .v2 && !request.wantsAllPresence }

    // MARK: What the user does

    func connect() {
        perform(machine.connect(now: now))
        settle()
    }

    func submit(_ message: Outgoing) {
        guard !isGone, tracker.room > 0 else { return }
        world.ledger.submitted += 1
        unreported.insert(message.id)
        tracker.submit(message, now: now)
        settle()
    }

    /// SIGSTOP: nothing is read, written or noticed.
    func stop() {
        isStopped = true
        line?.setReading(.client, false)
    }

    /// SIGCONT.
    func goOn() {
        guard isStopped else { return }
        isStopped = false
        line?.setReading(.client, true)
        timer = nil
        settle()
    }

    /// The process is killed; its kernel says goodbye for it, or its machine is gone without a word.
    func die(powerLost: Bool) {
        guard !isGone else { return }
        isGone = true
        world.trace("\(name) dies\(powerLost ? ", its power lost" : "")")
        line?.detach(.client)
        if powerLost {
            line?.swallow(towards: .server)
            line?.swallow(towards: .client)
        } else {
            line?.finish(.client)
        }
        line = nil
    }

    // MARK: The machine

    private func perform(_ actions: [ClientStateMachine.Action]) {
        for action in actions {
            switch action {
            case .dial: dial()
            case .ping: ping(isBarrier: false)
            case .close: break
            case .drop:
                line?.detach(.client)
                line?.finish(.client)
                line = nil
            case .connected(let info), .reconnected(let info, _):
                world.trace("\(name) is connected over \(line?.number ?? 0)")
                presence.connected()
                tracker.connected(info, now: now)
                if tellsWatched { append(.watch(presence.watchedMobiles)) }
            case .disconnected(let error):
                world.trace("\(name) has lost its connection: \(error)")
                if world.mutation != .forgetsLoss { tracker.disconnected(now: now) }
            case .reconnecting: break
            case .ended(let error):
                world.trace("\(name) has ended: \(error?.description ?? "closed")")
                if error?.isTemporary != true { world.ledger.fail("\(name) ends for good: \(error?.message ?? "")") }
                tracker.end(now: now)
                performDeliveries()
                isGone = true
            }
        }
    }

    private func dial() {
        parser = FrameParser(role: .client, maximumMessage: 1 << 20)
        outgoing = []
        pongs = []
        transmissions = 0
        line = world.dial(request, for: self)
    }

    /// The answer to a dial: nil if it was an upgrade.
    func dialed(_ source: Line, _ error: ClientError?) {
        guard line === source, !isGone else { return source.finish(.client) }
        if let error { return lost(source, error) }
        source.attach(
            .client,
            Line.Owner(
                read: { [unowned self] in read($0, source) },
                ended: { [unowned self] in
                    if !isStopped { return lost(source, ClientError(.connectionLost, "cut")) }
                    // Noticed once the process goes on.
                    world.agenda.after(Agenda.second) { [weak self] in
                        self?.lost(source, ClientError(.connectionLost, "cut"))
                    }
                }
            )
        )
        perform(machine.upgraded(request.isBase ? .base : .v2, now: now))
        settle()
    }

    private func lost(_ source: Line, _ error: ClientError) {
        guard line === source, !isGone else { return }
        source.detach(.client)
        source.finish(.client)
        line = nil
        perform(machine.lost(error, now: now))
        settle()
    }

    private func read(_ bytes: [UInt8], _ source: Line) {
        guard line === source, !isGone else { return }
        var bytes = bytes
        var frames: [ServerFrame] = []
        var goodbye: CloseReason?
        var span = bytes.mutableSpan
        do throws(CloseReason) {
            try parser.consume(&span) { kind, payload in
                switch kind {
                case .text:
                    do throws(WireError) { frames.append(try FrameDecoder().serverFrame(payload)) } catch {
                        world.ledger.fail("\(name) cannot read a frame: \(error.message)")
                    }
                case .close(let reason): goodbye = reason
                case .binary, .ping, .pong: break
                }
                return .proceed
            }
        } catch {
            world.ledger.fail("\(name) finds fault with the server: \(error)")
        }
        if !frames.isEmpty { machine.received(now: now) }
        for frame in frames where line === source {
            world.trace("\(name) < \(frame)")
            if case .hello(let hello) = frame {
                perform(machine.greeted(hello, now: now))
                continue
            }
            perform(machine.receivedOther(now: now))
            if line === source { receive(frame, over: source) }
        }
        storeArrived()
        if let goodbye, line === source {
            let payload = WebSocketFrame.closePayload(goodbye)
            source.write(.client, WebSocketFrame.encode(.close, payload: payload, maskingKey: 7))
            lost(source, WebSocketConnection.error(goodbye, .local))
        }
        settle()
    }

    private func receive(_ frame: ServerFrame, over source: Line) {
        switch frame {
        case .message(let message): arrive(message, over: source)
        case .pong: if !pongs.isEmpty, pongs.removeFirst() { tracker.barrierPassed(now: now) }
        case .onlineUsers(let users, let rev):
            perform(presence.list(users, rev: rev))
            tracker.receive(frame, now: now)
        case .presence(let rev, let joined, let left):
            perform(presence.delta(rev: rev, joined: joined, left: left))
            tracker.receive(frame, now: now)
        case .receipt(let from, let id, .stored):
            tracker.receive(frame, now: now)
            if let copy = shelf.confirm(id, from: from) { collect(copy, .stored) }
        case .ack, .error: tracker.receive(frame, now: now)
        case .hello, .unknown: return
        }
    }

    private func perform(_ actions: [PresenceTracker.Action]) {
        for case .askForList in actions { append(.getOnlineUsers) }
    }

    private func arrive(_ message: RelayedMessage, over source: Line) {
        let isCopy = message.from == request.mobile
        if !isCopy { world.ledger.arrived(message.text.string, over: source.number) }
        let arrived = ChatMessage(
            id: message.id ?? world.freshID(),
            unixMilliseconds: message.unixMilliseconds ?? world.unixMilliseconds,
            direction: isCopy ? .out : .in,
            from: message.from,
            to: message.to ?? request.mobile,
            text: message.text.string
        )
        if isCopy { return shelf.keep(arrived, now: now) }
        let isReceiptDue = message.to != nil && message.id != nil
        if world.mutation == .acknowledgesBeforeDisk, isReceiptDue {
            append(.receipt(to: arrived.from, id: arrived.id, state: .stored))
        }
        intake.collect(Intake.Arrival(message: arrived, status: nil, isReceiptDue: isReceiptDue))
    }

    func collect(_ copy: ChatMessage, _ status: DeliveryStatus) {
        intake.collect(Intake.Arrival(message: copy, status: status, isReceiptDue: false))
    }

    /// Says `stored` of those that want it, and shows what was not shown before.
    func report(_ batch: [Intake.Arrival], isStored: Bool) {
        for arrival in batch where isStored && arrival.isReceiptDue && machine.info?.dialect == .v2 && request.isVisible
        {
            append(.receipt(to: arrival.message.from, id: arrival.message.id, state: .stored))
        }
        for arrival in batch where recent.insert(arrival.message) || world.mutation == .showsTwice {
            let key = Disk.Key(from: arrival.message.from, id: arrival.message.id)
            if !shown.insert(key).inserted { world.ledger.fail("\(name) shows \(key.id) twice") }
        }
        intake.finish(batch)
    }

    // MARK: Doing what was asked for

    func settle() {
        guard !isGone, !isStopped else { return }
        performDeliveries()
        if tracker.inFlight > window + tracker.lanes.count {
            world.ledger.fail("\(name) has \(tracker.inFlight) messages in flight, its window is \(window)")
        }
        if let line, machine.info != nil, !outgoing.isEmpty {
            let bytes = outgoing
            outgoing = []
            let mark = tracker.writeMark
            machine.sent(now: now)
            line.write(.client, bytes) { [weak self] in
                guard let self, mark != writeMark, self.line === line else { return }
                world.agenda.after(0) {
                    self.writeMark = mark
                    self.tracker.written(upTo: mark, now: self.now)
                    self.settle()
                }
            }
        }
        setTimer()
    }

    private func performDeliveries() {
        for action in tracker.takeActions() {
            switch action {
            case .transmit(let frame): append(frame)
            case .report(let delivery): report(delivery)
            case .askForList: append(.getOnlineUsers)
            case .ping: ping(isBarrier: true)
            case .watch(let mobile): if tellsWatched, !presence.isWatching(mobile) { append(.watch([mobile])) }
            case .unwatch(let mobile): if tellsWatched, !presence.isWatching(mobile) { append(.unwatch([mobile])) }
            }
        }
    }

    private func report(_ delivery: Delivery) {
        world.trace("\(name): \(delivery.id) is \(delivery.status)")
        if unreported.remove(delivery.id) == nil { world.ledger.fail("\(name) reports \(delivery.id) twice") }
        outcomes[delivery.id] = delivery.status
        if delivery.status == .stored {
            world.ledger.storedReports += 1
            let key = Disk.Key(from: request.mobile, id: delivery.id)
            if !world.disks.contains(where: { $0.mobile == delivery.to && $0.durable.contains(key) }) {
                world.ledger.fail("\(name) is told that \(delivery.id) is stored; no disk of \(delivery.to) has it")
            }
        }
        storeOwn(delivery)
    }

    private func ping(isBarrier: Bool) {
        append(.ping)
        pongs.append(isBarrier)
    }

    private func append(_ frame: ClientFrame) {
        guard line != nil else { return }
        var frame = frame
        if case .message(let to, let text, let id) = frame {
            transmissions += 1
            let marked = Ledger.mark(text.string, line: line?.number ?? 0, count: transmissions)
            frame = .message(to: to, text: MessageText(marked), id: id)
        }
        outgoing += WebSocketFrame.encode(.text, payload: FrameEncoder.encode(frame), maskingKey: UInt32(transmissions))
    }

    private func setTimer() {
        let deadlines = [machine.nextDeadline, tracker.nextDeadline(), shelf.nextDeadline].compactMap(\.self)
        guard let next = deadlines.min() else { return }
        let time = world.nanoseconds(next)
        if let timer, timer <= time { return }
        timer = time
        world.agenda.at(time) { [weak self] in
            guard let self, timer == time, !isGone, !isStopped else { return }
            timer = nil
            perform(machine.tick(now: now))
            tracker.tick(now: now)
            for copy in shelf.due(now: now) { collect(copy, .routed) }
            storeArrived()
            settle()
        }
    }

    /// When all is quiet: every message has been reported, and who is online is known.
    func checkQuiet(_ online: Set<Mobile>) {
        if !unreported.isEmpty { world.ledger.fail("\(name) has \(unreported.count) messages that nobody reported") }
        if !tracker.isIdle { world.ledger.fail("\(name)'s tracker is not idle") }
        for mobile in world.mobiles where presence.isOnline(mobile) != online.contains(mobile) {
            world.ledger.fail("\(name) is wrong about \(mobile), which is online: \(online.contains(mobile))")
        }
    }
}
