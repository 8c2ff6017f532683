public import NIOCore
internal import NIOPosix
internal import SCACore

// A session with an SCA server, from Swift. An actor whose executor is an event loop, the one that its channel is on: what
// the channel reports is handled where it happens, with no hop, no lock and no task; callers hop once.
//
// It owns the machines that decide and does what they say:
//
//     ClientStateMachine   when to connect, ping, give up, reconnect        DeliveryTracker   what became of each message
//     PresenceTracker      who is online                                    Intake            arrived → stored → receipt → event
//     WebSocketConnection  frames to bytes and back                         EventQueue        what `nextEvents` hands out
//
// Every entry (a call, a read, a timer, a store that is done) changes the machines and ends in `settle`, which does what they
// asked for: one write, one flush, one timer.
//
//     ChatClient            the public face: connecting, events, closing      ChatClient+Sending   submit and send
//     ChatClient+Asking     who is online, watching                            ChatClient+Incoming  frames and the store
//     ChatClient+Machinery  transport, timer, `settle`
//
// A connection keeps its client alive; `close` ends both. The event loop's thread, if the client made it, ends with the client.
//
// Rejected: `NIOAsyncChannel` (several times the allocations), a stream of events (no way to stop the socket for a slow
// consumer), and an actor of its own beside the loop (two hops for each read).

/// A connection to an SCA server: sends, receives, stores, reconnects.
///
/// Connect, then take events from `nextEvents` until it returns nil; `docs/swift-bots.md` shows a whole program. A visible
/// client must do so: while more than 1,024 events wait, the socket is not read, and so no answers come. So the task that takes
/// events had better not wait for `submit`, `send` or a question itself: in a flood, each would wait for its time limit.
///
/// May be called from any task. A lost connection comes back by itself if the configuration has a `reconnect` policy. Calls wait
/// until they are answered, time out, or the client ends; task cancellation ends only `nextEvents` early. Who lets go of a
/// client that is connected closes it first: the connection keeps it alive.
public actor ChatClient {
    /// The event loop.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    nonisolated let loop: any EventLoop
    private nonisolated let executor: any SerialExecutor
    private let ownGroup: MultiThreadedEventLoopGroup?
    let configuration: ClientConfiguration
    let dialer: Dialer
    let store: (any MessageStore)?

    var machine: ClientStateMachine
    var tracker: DeliveryTracker
    var presence: PresenceTracker
    var intake = Intake()
    var shelf = CopyShelf()
    var recent = RecentMessages()
    var events = EventQueue()
    var random = SystemRandomNumberGenerator()

    /// The transport that is being made or stands.
    var connection: WebSocketConnection?
    /// What the pongs that are due are about, in the order of the pings.
    var pongs = CircularBuffer<PongPurpose>()
    var isReading = true
    var writeMark = 0
    var timer: Scheduled<Void>?
    var timerInstant: ContinuousClock.Instant?

    var connecting: CheckedContinuation<Result<ServerInfo, ClientError>, Never>?
    var deliveries: [MessageID: CheckedContinuation<Delivery, Never>] = [:]
    var questions: [Int: Question] = [:]
    var questionCount = 0
    var turn = SubmitTurn()
    var quiet: [CheckedContinuation<Void, Never>] = []
    var closing: [CheckedContinuation<Void, Never>] = []
    /// Why it is over, once it is; `.ended` is reported when the last messages are stored.
    var ending: Ending?

    /// Prepares a client; nothing is connected yet.
    ///
    /// - Parameters:
    ///   - configuration: to whom, as whom, and how patiently.
    ///   - store: where arrived messages are put before they are reported and their senders told `stored`. nil: nothing is
    ///     stored, no receipts are sent, and the server is told not to count on any.
    ///   - group: whose event loop to use; nil: a thread of its own.
    public init(
        configuration: ClientConfiguration,
        store: (any MessageStore)?,
        group: (any EventLoopGroup)? = nil
    ) {
        let ownGroup = group == nil ? MultiThreadedEventLoopGroup(numberOfThreads: 1) : nil
        let loop = (group ?? ownGroup ?? MultiThreadedEventLoopGroup.singleton).next()
        self.ownGroup = ownGroup
        self.loop = loop
        executor = loop.executor
        self.configuration = configuration
        self.store = store
        dialer = Dialer(
            endpoint: configuration.endpoint,
            timeout: configuration.connectTimeout,
            caFile: configuration.caFile
        )
        machine = ClientStateMachine(configuration: configuration, seed: .random(in: .min ... .max))
        tracker = DeliveryTracker(window: configuration.window, seed: .random(in: .min ... .max))
        presence = PresenceTracker(interest: configuration.presence)
    }

    deinit {
        // Not in `close`: the loop is this actor's executor, and calls that come later must still be answered.
        ownGroup?.shutdownGracefully { _ in }
    }

    /// Who serves; nil while no connection stands.
    public var info: ServerInfo? { machine.info }

    /// Connects for the first time; a client connects once.
    ///
    /// - Returns: who serves, after the upgrade and, with `sca.v2`, the server's `hello`.
    /// - Throws: why there is no connection, the reconnect policy notwithstanding; the client is over then. `usage` if it was
    ///   called before.
    public func connect() async throws(ClientError) -> ServerInfo {
        if let ending { throw ending.error ?? Self.closed }
        guard machine.isIdle else { throw ClientError(.usage, "connect() was called before; a client connects once") }
        let result = await withCheckedContinuation { continuation in
            connecting = continuation
            let now = Moment.now()
            perform(machine.connect(now: now), now)
            settle(now)
        }
        return try result.get()
    }

    /// Hands out everything that happened since the last call, in order, and waits if nothing did. For one consumer.
    ///
    /// - Returns: one event or more; nil once `.ended` was handed out, and when the waiting task is cancelled.
    public func nextEvents() async -> [ClientEvent]? {
        if events.isEmpty, !events.isOver {
            await withTaskCancellationHandler {
                await withCheckedContinuation { events.wait($0) }
            } onCancel: {
                // Bare, since a cancellation handler cannot wait for the actor; it ends as soon as it got there.
                Task { await self.wakeConsumer() }
            }
        }
        guard !events.isEmpty else { return nil }
        let batch = events.takeAll()
        regulateReading(.now())
        return batch
    }

    /// Ends the connection and the client, with 1000 if a connection stands. Calls that wait throw `closed`.
    ///
    /// Comes back when the connection is released; a server that does not say goodbye is given a second.
    ///
    /// - Parameter grace: how long to wait first for answers that are due and for arrived messages to be stored. Messages
    ///   that are unanswered then are reported as `timeout`, or as what their last try came to.
    public func close(grace: Duration = .zero) async {
        guard !events.isOver, ending == nil else { return }
        if grace > .zero, !isQuiet {
            let deadline = loop.scheduleTask(in: TimeAmount(grace)) { self.assumeIsolated { $0.wakeQuiet() } }
            await withCheckedContinuation { quiet.append($0) }
            deadline.cancel()
        }
        guard ending == nil else { return }
        let now = Moment.now()
        tracker.end(now: now)
        settle(now)
        perform(machine.close(patience: .seconds(1), now: now), now)
        settle(now)
        guard ending == nil else { return }
        await withCheckedContinuation { closing.append($0) }
    }

    private func wakeConsumer() {
        events.wake()
    }
}
