// A bot that says back what it is told, and what any bot needs around that. docs/swift-bots.md goes through it.
//
//     SCACTL_MOBILE=9000000001 swift run echo-bot
//
// It is SCACTL_MOBILE at SCACTL_SERVER (ws://127.0.0.1:8080 unless set). Its history is where `scactl history -m 9000000001`
// looks for it. stderr says what happens, without a word of what people say. INT or TERM end it with 0, anything else with 1.
//
// Two halves: `ReplyPolicy` decides and is pure; this file has the connection. Taking events never waits for anybody; what
// may wait, sending, is a task of its own behind a bounded queue.

internal import FoundationEssentials
internal import Glibc
internal import Logging
internal import SCAClient
internal import SCACore
internal import UnixSignals

@main
struct EchoBot {
    let configuration: ClientConfiguration
    let historyPath: String
    let log: Logger

    static func main() async {
        let log = Logger(label: "echo-bot", factory: { StreamLogHandler.standardError(label: $0) })
        do {
            let bot = try EchoBot(environment: ProcessInfo.processInfo.environment, log: log)
            try await bot.run {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return }
            }
        } catch {
            log.critical("\(error)")
            exit(EXIT_FAILURE)
        }
    }

    /// Answers until `stop` returns; then waits a second at most for what is still under way.
    ///
    /// - Throws: `ClientError` if there is no connection to begin with, or none is to be had any more.
    func run(until stop: @escaping @Sendable () async -> Void) async throws {
        var policy = ReplyPolicy(me: configuration.mobile, known: try knownMessages())
        let store = HistoryStore(path: historyPath)
        let client = ChatClient(configuration: configuration, store: store)
        let info = try await client.connect()
        log.info("connected to \(configuration.endpoint) (\(info.dialect.rawValue))")

        let (replies, queue) = AsyncStream.makeStream(of: Outgoing.self, bufferingPolicy: .bufferingOldest(256))
        // Both end with this function, which cancels them.
        async let _ = send(replies, over: client)
        async let _ = leave(client, after: stop)

        while let events = await client.nextEvents() {
            var sent: [HistoryRow] = []
            var end: ClientError?
            for event in events {
                switch event {
                case .message(let message):
                    switch policy.judge(message, now: .now) {
                    case .answer(let text):
                        // Who asks and goes may be back soon.
                        enqueue(Outgoing(to: message.from, text: text, retryFor: .seconds(60)), in: queue)
                    case .stop: log.warning("\(message.from.masked) gets no more answers this minute: is it a bot?")
                    case .ignore: break
                    }
                case .delivery(let delivery):
                    sent.append(HistoryRow(delivery, from: configuration.mobile))
                    if !delivery.status.isDelivered {
                        log.warning("\(delivery.to.masked) did not get an answer: \(delivery.status.rawValue)")
                    }
                case .disconnected(let error): log.warning("\(error); trying again")
                case .reconnected(_, let gap): log.info("connected again after \(gap)")
                case .storeFailed(let error): log.error("\(error)")
                case .ended(let error): end = error
                default: break
                }
            }
            // The last events tell what became of all that was under way: no leaving before it is written down.
            do { try await store.storeOwn(sent) } catch { log.error("\(error)") }
            if let end { throw end }
        }
    }

    private func send(_ replies: AsyncStream<Outgoing>, over client: ChatClient) async throws {
        for await reply in replies { try await client.submit([reply]) }
    }

    private func leave(_ client: ChatClient, after stop: @Sendable () async -> Void) async {
        await stop()
        await client.close(grace: .seconds(1))
    }

    private func enqueue(_ reply: Outgoing, in queue: AsyncStream<Outgoing>.Continuation) {
        guard case .dropped = queue.yield(reply) else { return }
        log.warning("\(reply.to.masked) gets no answer: too many are waiting")
    }
}

extension EchoBot {
    /// Reads `SCACTL_MOBILE`, `SCACTL_SERVER`, and where the history is (`XDG_DATA_HOME` or `HOME`).
    init(environment: [String: String], log: Logger) throws {
        guard let mobile = Mobile(environment["SCACTL_MOBILE"] ?? "") else {
            throw ClientError(.usage, "SCACTL_MOBILE must be the bot's mobile, 10 to 32 digits")
        }
        let endpoint = try Endpoint(parsing: environment["SCACTL_SERVER"] ?? "ws://127.0.0.1:8080")
        var configuration = ClientConfiguration(endpoint: endpoint, mobile: mobile)
        configuration.reconnect = .standard
        let path = try SettingsPaths(environment: environment).history(of: mobile)
        self.init(configuration: configuration, historyPath: path, log: log)
    }

    /// What arrived before this start, as far as a sender may still be trying again.
    private func knownMessages() throws -> [HistoryRow] {
        var arrived = HistoryFilter()
        arrived.direction = .in
        var history = HistoryReader(path: historyPath)
        return try history.last(10_000, matching: arrived)
    }
}
