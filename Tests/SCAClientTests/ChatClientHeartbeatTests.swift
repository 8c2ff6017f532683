internal import SCACore
internal import Testing

@testable internal import SCAClient

/// What a client takes for a sign of life.
@Suite(.timeLimit(.minutes(10)))
struct ChatClientHeartbeatTests {
    /// A server that knows one connection of a mobile forgets the older one without closing it, and its WebSocket library
    /// goes on to ping it. The client would listen to nothing for ever.
    @Test func webSocketPingsDoNotKeepAForgottenSession() async throws {
        let server = try await ScriptedServer(.base)
        let client = ChatClient(
            configuration: Words.configuration {
                $0.endpoint = server.endpoint
                $0.heartbeatInterval = .milliseconds(20)
                $0.answerTimeout = .milliseconds(60)
            },
            store: nil
        )
        _ = try await client.connect()
        let session = try #require(await server.session())
        var pings = 0
        while pings < 100, let heard = await session.next() {
            guard heard == .frame(.ping) else { continue }
            pings += 1
            session.write(WebSocketFrame.encode(.ping, payload: []))
        }
        session.hangUp()
        #expect((1..<100).contains(pings))
        let ended = await end(of: client)
        #expect(ended?.code == .connectionLost)
        #expect(ended?.message.contains("has said nothing for") == true)
    }

    private func end(of client: ChatClient) async -> ClientError? {
        while let events = await client.nextEvents() {
            for case .ended(let error) in events { return error }
        }
        return nil
    }
}
