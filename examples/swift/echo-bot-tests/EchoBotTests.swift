import Foundation
import Logging
import SCAClient
import SCACore
import SCAServerd
import Testing

@testable import echo_bot

/// The whole bot in this process, with a server in it and somebody to talk to.
@Suite struct EchoBotTests {
    private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let me: Mobile
    private let asha: Mobile

    init() throws {
        me = try #require(Mobile("9000000001"))
        asha = try #require(Mobile("9876543210"))
    }

    @Test(.timeLimit(.minutes(10))) func theBotAnswersAndLeaves() async throws {
        var options = ServerConfiguration()
        options.port = 0
        let server = ChatServer(configuration: options, logger: silent)
        let endpoint = Endpoint(scheme: .ws, host: "127.0.0.1", port: try await server.start())

        let folder = URL.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        let bot = EchoBot(
            configuration: ClientConfiguration(endpoint: endpoint, mobile: me),
            historyPath: folder.appending(path: "history.jsonl").path,
            log: silent
        )
        let (stops, stop) = AsyncStream.makeStream(of: Never.self)
        async let running: Void = bot.run { for await _ in stops {} }

        let person = ChatClient(configuration: ClientConfiguration(endpoint: endpoint, mobile: asha), store: nil)
        _ = try await person.connect()
        // Tried again until the bot is online.
        let delivery = try await person.send("hello", to: me, retryFor: .seconds(30))
        #expect(delivery.status == .stored)
        #expect(await nextText(person) == "hello")

        stop.finish()
        try await running
        while try await person.onlineUsers() != [asha] { await Task.yield() }
        await person.close()
        await server.stop()
    }

    @Test(.timeLimit(.minutes(10))) func whatWasUnderWayAtTheEndIsWrittenDown() async throws {
        var options = ServerConfiguration()
        options.port = 0
        let server = ChatServer(configuration: options, logger: silent)
        let endpoint = Endpoint(scheme: .ws, host: "127.0.0.1", port: try await server.start())
        let folder = URL.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "history.jsonl").path
        // Nobody confirms the answer, and the bot does not connect again.
        let bot = EchoBot(
            configuration: ClientConfiguration(endpoint: endpoint, mobile: me),
            historyPath: path,
            log: silent
        )
        let (stops, stop) = AsyncStream.makeStream(of: Never.self)
        defer { stop.finish() }
        async let running: Void = bot.run { for await _ in stops {} }
        let store = SlowStore()
        let person = ChatClient(configuration: ClientConfiguration(endpoint: endpoint, mobile: asha), store: store)
        _ = try await person.connect()
        #expect(try await person.send("hello", to: me, retryFor: .seconds(30)).status == .stored)
        for await _ in store.begun { break }

        await server.stop()
        do {
            try await running
            Issue.record("the bot does not say why it has ended")
        } catch { #expect(error is ClientError) }
        var history = HistoryReader(path: path)
        let rows = try history.last(10, matching: HistoryFilter())
        #expect(rows.map(\.direction) == [.in, .out])
        #expect(rows.last?.status == .timeout)
        store.end()
        await person.close()
    }

    private func nextText(_ client: ChatClient) async -> String? {
        while let events = await client.nextEvents() {
            for case .message(let message) in events { return message.text }
        }
        return nil
    }
}

/// A store that is not done before it is told to.
private struct SlowStore: MessageStore {
    /// Has an element for each batch.
    let begun: AsyncStream<Void>
    private let begin: AsyncStream<Void>.Continuation
    private let ends: AsyncStream<Never>
    private let ending: AsyncStream<Never>.Continuation

    init() {
        (begun, begin) = AsyncStream.makeStream()
        (ends, ending) = AsyncStream.makeStream()
    }

    func store(_ rows: [HistoryRow]) async throws(HistoryError) -> StoreOutcome {
        begin.yield()
        for await _ in ends {}
        return StoreOutcome(isNew: rows.map { _ in true })
    }

    func end() { ending.finish() }
}
