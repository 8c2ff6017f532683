import Foundation
import Logging
import SCAClient
import SCACore
import SCAServerd
import Testing

@testable import echo_bot

/// The whole bot in this process, with a server in it and somebody to talk to.
@Suite struct EchoBotTests {
    @Test(.timeLimit(.minutes(1))) func theBotAnswersAndLeaves() async throws {
        let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var options = ServerConfiguration()
        options.port = 0
        let server = ChatServer(configuration: options, logger: silent)
        let endpoint = Endpoint(scheme: .ws, host: "127.0.0.1", port: try await server.start())

        let folder = URL.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (me, asha) = (try #require(Mobile("9000000001")), try #require(Mobile("9876543210")))
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
        #expect(try await person.onlineUsers() == [asha])
        await person.close()
        await server.stop()
    }

    private func nextText(_ client: ChatClient) async -> String? {
        while let events = await client.nextEvents() {
            for case .message(let message) in events { return message.text }
        }
        return nil
    }
}
