internal import SCACore

@testable internal import SCAClient

/// A client's process: the real machines, codec and history file, with the duties of `ChatClient` done in virtual time.
///
/// It may be stopped and go on (SIGSTOP), killed, or lose its power while it stores; a new process of the same device then
/// takes its place.
final class Client {
    let request: World.Request
    let window: Int
    let name: String
    unowned let world: World
    var isGone = false
    var machine: ClientStateMachine
    var tracker: DeliveryTracker
    var presence: PresenceTracker
    var intake = Intake()
    var shelf = CopyShelf()
    var recent = RecentMessages()
    var history: HistoryFile?
    /// Where the history ended when the process began.
    let beginning: HistoryPosition?
    var storing: [HistoryRow] = []
    var line: Line?
    var parser = FrameParser(role: .client, maximumMessage: 1 << 20)
    var outgoing: [UInt8] = []
    var transmissions = 0
    var pongs: [Bool] = []
    var writeMark = 0
    var timer: Int64?
    var isStopped = false
    /// Submitted and not reported, by id.
    var unreported: Set<MessageID> = []
    var shown: Set<Disk.Key> = []
    /// What was said of messages, for who asks afterwards.
    var outcomes: [MessageID: DeliveryStatus] = [:]

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
    var tellsWatched: Bool { machine.info?.dialect == .v2 && !request.wantsAllPresence }

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

    /// When all is quiet: every message has been reported, and who is online is known.
    func checkQuiet(_ online: Set<Mobile>) {
        if !unreported.isEmpty { world.ledger.fail("\(name) has \(unreported.count) messages that nobody reported") }
        if !tracker.isIdle { world.ledger.fail("\(name)'s tracker is not idle") }
        for mobile in world.mobiles where presence.isOnline(mobile) != online.contains(mobile) {
            world.ledger.fail("\(name) is wrong about \(mobile), which is online: \(online.contains(mobile))")
        }
    }
}
