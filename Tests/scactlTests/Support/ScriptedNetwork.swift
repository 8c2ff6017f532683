import SCAClient
import SCACore
import Synchronization

@testable import scactl

/// A server that is a script: what connecting gives, what happens then, what becomes of each message.
final class ScriptedNetwork: ServerAccess {
    struct Script: Sendable {
        var info = ServerInfo(dialect: .v2, server: "scad/test")
        var connectError: ClientError?
        /// How many connections fail with it; all, if nil.
        var connectFailures: Int?
        /// What happens right after connecting, batch by batch.
        var events: [[ClientEvent]] = []
        /// Whether the connection ends after them; otherwise it lasts until it is closed.
        var end: ClientError?
        /// How many messages are taken before `end` comes.
        var lastsFor = 0
        var online: [Mobile] = []
        /// Whether questions are answered.
        var answersQuestions = true
        var answer: @Sendable (Outgoing) -> DeliveryStatus? = { _ in .stored }
        /// Each answer to a health check; the last one stays.
        /// What a request for a code comes to; nil: the server has no login by code.
        var offer: CodeLogin.Offer?
        /// The code that is right; any other is refused.
        var code = "123456"
        /// The token that a connection must have; nil: none is needed.
        var token: String?
        var health: [Result<HealthReport, ClientError>] = [.failure(ClientError(.unreachable, "no server"))]
    }

    let script: Script
    private let connections = Mutex<[ScriptedConnection]>([])
    private let healthChecks = Counter()
    private let typed = Mutex<[String]>([])

    init(_ script: Script = Script()) {
        self.script = script
    }

    convenience init(_ change: (inout Script) -> Void) {
        var script = Script()
        change(&script)
        self.init(script)
    }

    /// One whose connection takes so many messages, answers none and is gone.
    static func thatIsLost(after count: Int) -> ScriptedNetwork {
        ScriptedNetwork {
            $0.answer = { _ in nil }
            $0.lastsFor = count
            $0.end = ClientError(.connectionLost, "gone")
        }
    }

    /// The connections that were made.
    var made: [ScriptedConnection] { connections.withLock { $0 } }

    /// The codes that were tried.
    var codes: [String] { typed.withLock { $0 } }

    func requestCode(
        for mobile: Mobile,
        at endpoint: Endpoint,
        caFile: String?,
        timeout: Duration
    ) async throws(ClientError) -> CodeLogin.Offer? { script.offer }

    func token(
        for mobile: Mobile,
        code: String,
        at endpoint: Endpoint,
        caFile: String?,
        timeout: Duration
    ) async throws(ClientError) -> String {
        typed.withLock { $0.append(code) }
        guard code == script.code else { throw ClientError(.unauthorized, "this code is not right") }
        return script.token ?? ""
    }

    func connection(_ configuration: ClientConfiguration, store: (any MessageStore)?) -> any ChatConnection {
        var script = script
        if let failures = script.connectFailures, made.count >= failures { script.connectError = nil }
        let connection = ScriptedConnection(configuration, script, store)
        connections.withLock { $0.append(connection) }
        return connection
    }

    func health(of endpoint: Endpoint, caFile: String?, timeout: Duration) async throws(ClientError) -> HealthReport {
        let index = min(healthChecks.next(), script.health.count) - 1
        return try script.health[index].get()
    }
}

/// One connection of a `ScriptedNetwork`.
actor ScriptedConnection: ChatConnection {
    nonisolated let configuration: ClientConfiguration
    nonisolated let hasStore: Bool
    private let script: ScriptedNetwork.Script
    private let submissions = Mutex<[Outgoing]>([])
    private var batches: [[ClientEvent]]
    private var waiting: CheckedContinuation<Void, Never>?
    private var unanswered: [Outgoing] = []
    private var isClosed = false
    private var hasEnded = false

    init(_ configuration: ClientConfiguration, _ script: ScriptedNetwork.Script, _ store: (any MessageStore)?) {
        self.configuration = configuration
        self.script = script
        hasStore = store != nil
        batches = script.events
    }

    nonisolated var submitted: [Outgoing] { submissions.withLock { $0 } }

    func connect() async throws(ClientError) -> ServerInfo {
        if let error = script.connectError { throw error }
        if let token = script.token, configuration.token != token {
            throw ClientError(.unauthorized, "not admitted", hint: "scactl login")
        }
        return script.info
    }

    func nextEvents() async -> [ClientEvent]? {
        while true {
            if !batches.isEmpty { return batches.removeFirst() }
            if hasEnded { return nil }
            if isClosed || script.end != nil && submitted.count >= script.lastsFor {
                hasEnded = true
                return (isClosed ? [] : timeouts) + [.ended(isClosed ? nil : script.end)]
            }
            await withCheckedContinuation { waiting = $0 }
        }
    }

    func submit(_ messages: [Outgoing]) async throws(ClientError) {
        guard !isClosed, !hasEnded else { throw ClientError(.closed, "closed") }
        let taken = script.end == nil ? messages[...] : messages.prefix(max(0, script.lastsFor - submitted.count))
        submissions.withLock { $0 += taken }
        var deliveries: [ClientEvent] = []
        for message in taken {
            if let status = script.answer(message) {
                deliveries.append(.delivery(Delivery(message, status)))
            } else {
                unanswered.append(message)
            }
        }
        happen(deliveries)
        if taken.count < messages.count, let end = script.end { throw end }
    }

    func onlineUsers(timeout: Duration?) async throws(ClientError) -> [Mobile] {
        try await question()
        return script.online
    }

    func watch(_ mobiles: [Mobile]) async throws(ClientError) -> [Mobile: Bool] {
        try await question()
        return Dictionary(uniqueKeysWithValues: mobiles.map { ($0, script.online.contains($0)) })
    }

    func close(grace: Duration) async {
        guard !isClosed else { return }
        isClosed = true
        happen(timeouts)
    }

    /// What was taken is reported, however the connection ends.
    private var timeouts: [ClientEvent] { unanswered.map { .delivery(Delivery($0, .timeout)) } }

    private func question() async throws(ClientError) {
        while !isClosed, !script.answersQuestions {
            await withCheckedContinuation { waiting = $0 }
        }
        if isClosed { throw ClientError(.closed, "closed") }
    }

    private func happen(_ events: [ClientEvent]) {
        if !events.isEmpty { batches.append(events) }
        waiting?.resume()
        waiting = nil
    }
}

extension Delivery {
    init(_ message: Outgoing, _ status: DeliveryStatus) {
        self.init(
            id: message.id,
            to: message.to,
            text: message.text,
            status: status,
            unixMilliseconds: World.now,
            elapsed: .milliseconds(3),
            isUnconfirmed: message.wait == .none && status != .timeout
        )
    }
}

extension ChatMessage {
    /// A message from the peer.
    static func example(_ id: String, text: String = "hi", from: Mobile = World.peer) -> ChatMessage {
        ChatMessage(
            id: MessageID(trusted: id),
            unixMilliseconds: World.now,
            direction: .in,
            from: from,
            to: World.me,
            text: text
        )
    }
}
