import Foundation
import Logging
import SCAClient
import SCACore
import SCAServerd
import Testing

@Suite struct ArticleTests {
    private let asha: Mobile
    private let ravi: Mobile
    private let path = URL.temporaryDirectory.appending(path: "\(UUID().uuidString)/history.jsonl").path

    init() throws {
        asha = try #require(Mobile("9876543210"))
        ravi = try #require(Mobile("9123456780"))
    }

    @Test(.timeLimit(.minutes(10))) func aQuestionIsAnswered() async throws {
        defer { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }
        var options = ServerConfiguration()
        options.port = 0
        let server = ChatServer(
            configuration: options,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let address = "ws://127.0.0.1:\(try await server.start())"
        let answering = client(for: ravi, at: try Endpoint(parsing: address), keeping: path)
        _ = try await answering.connect()

        async let answer = ask("lunch?", of: ravi, as: asha, at: address)
        #expect(await nextText(of: asha, in: answering) == "lunch?")
        let reply = try await answering.send("at one", to: asha)
        #expect(try await answer == "at one")
        // Whoever asked keeps nothing.
        #expect(reply.status == .routed)
        #expect(try lastTexts(with: asha, in: path) == ["lunch?"])
        await answering.close()
        await server.stop()
    }

    @Test func aRowIsKeptOnce() throws {
        defer { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }
        let id = try #require(MessageID("a1"))
        let row = HistoryRow(id: id, ts: 1, direction: .in, from: ravi, to: asha, text: "hi")
        #expect(try keep([row, row], in: path) == [row])
        #expect(try keep([row], in: path).isEmpty)
        #expect(try lastTexts(with: ravi, in: path) == ["hi"])
        #expect(try lastTexts(with: asha, in: path).isEmpty)
    }
}
