internal import SCACore

// The life of a client: a pure machine. Events go in with the time, actions come out.
//
//     idle ─connect→ dialing ─upgraded→ greeting (sca.v2: until `hello`) ─→ open ─close→ closing ─→ ended
//                       ↑ └──────failed────────────┘ failed                   │ lost
//                       └───────────── waiting ←──────────────────────────────┘
//
// Heartbeats: a `ping` after `heartbeatInterval` without anything sent, so that the server sees us, or without anything
// received, so that we see the server. The connection counts as lost when no frame has arrived for `heartbeatInterval` and
// `answerTimeout` together; every server answers a `ping`. While the owner does not read the socket, silence proves nothing
// and is not counted.
//
// Reconnecting: only after a first success, only with a policy, and only if the error `isTemporary`. The attempts go on being
// counted if a connection stood for less than the policy's longest delay: a server that greets and hangs up is not hammered.
//
//   impossible (our bug)  `upgraded` while nothing is dialed; the transport is dropped
//   hostile (the server)  a v2 server whose first frame is not `hello`; `invalidServer`, no retry. Limits in `hello` that are
//                         negative or huge: they are cut to what a message can measure
//   harmless              a failure or a loss after `close`; a second `hello`; ticks at any time
//
// Rejected: TCP keep-alive (two hours by default, and it says nothing of the server's process).

/// Decides when to connect, to ping, to give up and to try again.
struct ClientStateMachine: Sendable {
    /// What the owner is to do.
    enum Action: Hashable, Sendable {
        /// Make a transport and report it as `upgraded` or `failed`.
        case dial
        /// Write a `ping`.
        case ping
        /// Close the transport with this reason, politely, and report it as `lost`.
        case close(CloseReason)
        /// Close the transport now and hear no more of it.
        case drop
        /// The first connection stands.
        case connected(ServerInfo)
        /// The connection stands again.
        case reconnected(ServerInfo, gap: Duration)
        /// The connection was lost; a reconnect follows.
        case disconnected(ClientError)
        /// The next attempt comes after a delay.
        case reconnecting(attempt: Int, delay: Duration)
        /// It is over; nil after `close`.
        case ended(ClientError?)
    }

    /// An attempt to connect.
    private struct Attempt: Sendable {
        /// 0 for the first connection, then 1 for the first after a loss.
        var number = 0
        /// When the former connection was lost; nil for the first one.
        var lostAt: ContinuousClock.Instant?
        var deadline: ContinuousClock.Instant
    }

    /// A connection that stands.
    private struct Connection: Sendable {
        let info: ServerInfo
        let interval: Duration
        let since: ContinuousClock.Instant
        /// The attempt that made it.
        let attempt: Int
        var lastSent: ContinuousClock.Instant
        var lastReceived: ContinuousClock.Instant
        var lastPing: ContinuousClock.Instant
        var isReading = true
    }

    private enum State: Sendable {
        case idle
        case dialing(Attempt)
        case greeting(Attempt)
        case open(Connection)
        case waiting(Attempt)
        case closing(deadline: ContinuousClock.Instant)
        case ended
    }

    private let configuration: ClientConfiguration
    private var state = State.idle
    private var jitter: JitterSource

    /// - Parameter seed: for the jitter of reconnecting.
    init(configuration: ClientConfiguration, seed: UInt64) {
        self.configuration = configuration
        jitter = JitterSource(seed: seed)
    }

    /// Who serves; nil while no connection stands.
    var info: ServerInfo? {
        if case .open(let connection) = state { connection.info } else { nil }
    }

    /// Whether `connect` has not been called yet.
    var isIdle: Bool {
        if case .idle = state { true } else { false }
    }

    /// Whether it is over, or about to be.
    var isEnding: Bool {
        switch state {
        case .closing, .ended: true
        case .idle, .dialing, .greeting, .open, .waiting: false
        }
    }

    /// When `tick` is due; nil if nothing has a deadline.
    var nextDeadline: ContinuousClock.Instant? {
        switch state {
        case .idle, .ended: nil
        case .dialing(let attempt), .greeting(let attempt), .waiting(let attempt): attempt.deadline
        case .open(let connection): min(pingDue(connection), silenceDue(connection) ?? pingDue(connection))
        case .closing(let deadline): deadline
        }
    }

    // MARK: Events

    /// The user wants a connection.
    mutating func connect(now: Moment) -> [Action] {
        guard case .idle = state else { return [] }
        state = .dialing(Attempt(deadline: now.instant + configuration.connectTimeout))
        return [.dial]
    }

    /// The server has switched to WebSocket.
    mutating func upgraded(_ dialect: Dialect, now: Moment) -> [Action] {
        guard case .dialing(let attempt) = state else { return [.drop] }
        guard dialect == .base else {
            state = .greeting(attempt)
            return []
        }
        return open(ServerInfo(dialect: .base), configuration.heartbeatInterval, attempt, now)
    }

    /// The server's first words.
    mutating func greeted(_ hello: Hello, now: Moment) -> [Action] {
        guard case .greeting(let attempt) = state else { return [] }
        let most = WebSocketConnection.maximumMessage
        let limits = WireLimits(
            textBytes: min(max(hello.textBytes, 0), most),
            frameBytes: hello.frameBytes > 0 ? min(hello.frameBytes, most) : nil
        )
        let interval =
            hello.heartbeatSeconds > 0
            ? min(configuration.heartbeatInterval, .seconds(hello.heartbeatSeconds) / 3)
            : configuration.heartbeatInterval
        return open(ServerInfo(dialect: .v2, server: hello.server, limits: limits), interval, attempt, now)
    }

    /// A frame other than `hello` has come.
    mutating func receivedOther(now: Moment) -> [Action] {
        guard case .greeting = state else { return [] }
        return [.drop] + lose(configuration.notGreeted(), now)
    }

    /// The transport could not be made, or has ended.
    mutating func lost(_ error: ClientError, now: Moment) -> [Action] {
        switch state {
        case .dialing, .greeting, .open: return lose(error, now)
        case .closing:
            state = .ended
            return [.ended(nil)]
        case .idle, .waiting, .ended: return []
        }
    }

    /// Something was written.
    mutating func sent(now: Moment) {
        guard case .open(var connection) = state else { return }
        connection.lastSent = now.instant
        state = .open(connection)
    }

    /// A frame has arrived.
    mutating func received(now: Moment) {
        guard case .open(var connection) = state else { return }
        connection.lastReceived = now.instant
        state = .open(connection)
    }

    /// The owner reads the socket, or has stopped to.
    mutating func reading(_ isReading: Bool, now: Moment) {
        guard case .open(var connection) = state else { return }
        connection.isReading = isReading
        connection.lastReceived = now.instant
        state = .open(connection)
    }

    /// The user has had enough.
    ///
    /// - Parameter patience: how long the server may take to say goodbye.
    mutating func close(patience: Duration, now: Moment) -> [Action] {
        switch state {
        case .idle, .waiting:
            state = .ended
            return [.ended(nil)]
        case .dialing, .greeting:
            state = .ended
            return [.drop, .ended(nil)]
        case .open:
            state = .closing(deadline: now.instant + patience)
            return [.close(.normal)]
        case .closing, .ended: return []
        }
    }

    /// Time has passed.
    mutating func tick(now: Moment) -> [Action] {
        guard let due = nextDeadline, due <= now.instant else { return [] }
        switch state {
        case .idle, .ended: return []
        case .dialing, .greeting: return [.drop] + lose(configuration.timedOut(), now)
        case .waiting(let attempt):
            var next = attempt
            next.deadline = now.instant + configuration.connectTimeout
            state = .dialing(next)
            return [.dial]
        case .open(var connection):
            if let silence = silenceDue(connection), silence <= now.instant {
                return [.drop] + lose(configuration.silent(now.instant - connection.lastReceived), now)
            }
            connection.lastPing = now.instant
            state = .open(connection)
            return [.ping]
        case .closing:
            state = .ended
            return [.drop, .ended(nil)]
        }
    }

    // MARK: Rules

    private mutating func open(
        _ info: ServerInfo,
        _ interval: Duration,
        _ attempt: Attempt,
        _ now: Moment
    ) -> [Action] {
        state = .open(
            Connection(
                info: info,
                interval: interval,
                since: now.instant,
                attempt: attempt.number,
                lastSent: now.instant,
                lastReceived: now.instant,
                lastPing: now.instant
            )
        )
        return [attempt.lostAt.map { .reconnected(info, gap: now.instant - $0) } ?? .connected(info)]
    }

    private mutating func lose(_ error: ClientError, _ now: Moment) -> [Action] {
        var next = Attempt(deadline: now.instant)
        var actions: [Action] = []
        switch state {
        case .dialing(let attempt), .greeting(let attempt):
            next.number = attempt.number + 1
            next.lostAt = attempt.lostAt
        case .open(let connection):
            let stood = now.instant - connection.since
            next.number = stood < (configuration.reconnect?.maximum ?? .zero) ? connection.attempt + 1 : 1
            next.lostAt = now.instant
            actions = [.disconnected(error)]
        case .idle, .waiting, .closing, .ended: return []
        }
        guard let policy = configuration.reconnect, next.lostAt != nil, error.isTemporary else {
            state = .ended
            return [.ended(error)]
        }
        let delay = policy.delay(attempt: next.number, retryAfter: error.retryAfter, using: &jitter)
        next.deadline = now.instant + delay
        state = .waiting(next)
        return actions + [.reconnecting(attempt: next.number, delay: delay)]
    }

    private func pingDue(_ connection: Connection) -> ContinuousClock.Instant {
        max(connection.lastPing, min(connection.lastSent, connection.lastReceived)) + connection.interval
    }

    /// When silence means loss; nil while nobody listens.
    private func silenceDue(_ connection: Connection) -> ContinuousClock.Instant? {
        guard connection.isReading else { return nil }
        return connection.lastReceived + connection.interval + configuration.answerTimeout
    }
}
