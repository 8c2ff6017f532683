internal import SCACore
internal import Testing

@testable internal import SCAClient

/// How connections are lost, mended and closed, and what a slow consumer does; over loopback.
@Suite(.timeLimit(.minutes(10)))
struct ChatClientEndingTests {
    private let bob = Words.bob

    @Test func lostConnectionComesBackAndUnansweredMessagesGoAgain() async throws {
        let server = try await ScriptedServer()
        let client = server.client {
            $0.reconnect = ReconnectPolicy(base: .milliseconds(1), maximum: .milliseconds(5))
        }
        _ = try await client.connect()
        let first = try #require(await server.session())
        async let delivery = client.send("hello", to: bob)
        let sent = await first.nextFrame()
        first.hangUp()
        let second = try #require(await server.session())
        #expect(await second.nextFrame() == sent)
        guard case .message(_, _, let id?) = sent else { return #expect(Bool(false)) }
        second.say(.receipt(from: bob, id: id, state: .stored))
        #expect(try await delivery.status == .stored)
        var kinds: [String] = []
        _ = await client.next { event -> Bool? in
            switch event {
            case .connected: kinds.append("connected")
            case .disconnected(let error): kinds.append("disconnected \(error.code.rawValue)")
            case .reconnecting(let attempt, _): kinds.append("reconnecting \(attempt)")
            case .reconnected: return true
            default: kinds.append("other")
            }
            return nil
        }
        #expect(kinds == ["connected", "disconnected connection_lost", "reconnecting 1"])
        await client.close()
    }

    @Test func serverThatSendsUsAwayForGoodEndsTheClient() async throws {
        let server = try await ScriptedServer()
        let client = server.client { $0.reconnect = .standard }
        _ = try await client.connect()
        let session = try #require(await server.session())
        async let pending = client.send("hello", to: bob)
        _ = await session.nextFrame()
        session.close(.unauthorized)
        #expect(try await pending.status == .timeout)
        let ended = await client.next { if case .ended(let error) = $0 { error } else { nil } }
        #expect(ended?.code == .unauthorized)
        #expect(await client.nextEvents() == nil)
        let late = await #expect(throws: ClientError.self) { try await client.send("x", to: bob) }
        #expect(late?.code == .unauthorized)
    }

    @Test func closeSaysGoodbyeAndIsTheEnd() async throws {
        let server = try await ScriptedServer()
        let client = server.client()
        _ = try await client.connect()
        let session = try #require(await server.session())
        async let closed: Void = client.close()
        var heard = await session.next()
        while case .request = heard { heard = await session.next() }
        #expect(heard == .close(.normal))
        session.close(.normal)
        await closed
        let isGood = await client.next { if case .ended(let error) = $0 { error == nil } else { nil } }
        #expect(isGood == true)
        #expect(await client.nextEvents() == nil)
        await client.close()
    }

    @Test func closeWithGraceWaitsForAnswers() async throws {
        let server = try await ScriptedServer()
        let client = server.client()
        _ = try await client.connect()
        let session = try #require(await server.session())
        async let delivery = client.send("hello", to: bob)
        guard case .message(_, _, let id?) = await session.nextFrame() else { return #expect(Bool(false)) }
        async let closed: Void = client.close(grace: .seconds(50))
        session.say(.receipt(from: bob, id: id, state: .stored))
        #expect(try await delivery.status == .stored)
        session.hangUp()
        await closed
    }

    @Test func slowConsumerStopsTheSocket() async throws {
        let server = try await ScriptedServer()
        let client = server.client()
        _ = try await client.connect()
        let session = try #require(await server.session())
        session.sayAll((0..<1_100).map { Words.message($0) })
        // No ping would be answered: what lies behind the message at which it stops is not read.
        while await client.isReading { await Task.yield() }
        var count = 0
        while count < 1_100, let events = await client.nextEvents() {
            count += events.count { if case .message = $0 { true } else { false } }
        }
        #expect(await client.isReading)
        session.say(Words.message(5_000))
        #expect(
            await client.next { if case .message(let message) = $0 { message.id } else { nil } } == Words.id(5_000)
        )
        await client.close()
    }

    @Test func waitingForEventsEndsWithItsTask() async throws {
        let server = try await ScriptedServer()
        let client = server.client()
        _ = try await client.connect()
        _ = await client.nextEvents()
        let waiting = Task { await client.nextEvents() }
        waiting.cancel()
        #expect(await waiting.value == nil)
        await client.close()
    }

    @Test func closeEndsWhateverWaits() async throws {
        let server = try await ScriptedServer(.silence)
        let connecting = server.client()
        let connected = Task { try await connecting.connect() }
        _ = await server.session()?.next()
        await connecting.close()
        let first = await #expect(throws: ClientError.self) { try await connected.value }
        #expect(first?.code == .closed)

        let other = try await ScriptedServer()
        let client = other.client { $0.window = 1 }
        _ = try await client.connect()
        let session = try #require(await other.session())
        let asked = Task { try await client.onlineUsers(timeout: .seconds(50)) }
        #expect(await session.nextFrame() == .getOnlineUsers)
        let messages = (0..<3).map { Outgoing(to: bob, text: "x", id: Words.id($0), timeout: .seconds(50)) }
        let submitted = Task { try await client.submit(messages) }
        _ = await session.nextFrame()
        session.hangUp()
        await client.close()
        let second = await #expect(throws: ClientError.self) { try await asked.value }
        let third = await #expect(throws: ClientError.self) { try await submitted.value }
        for error in [second, third] { #expect(error?.code == .closed || error?.code == .connectionLost) }
        await client.close()
        let late = await #expect(throws: ClientError.self) { try await client.connect() }
        #expect(late?.code == .closed || late?.code == .connectionLost)
    }

    @Test func clientThatNeverConnectedCanBeClosed() async throws {
        let client = ChatClient(configuration: Words.configuration(), store: nil)
        await client.close()
        #expect(await client.nextEvents()?.count == 1)
        #expect(await client.nextEvents() == nil)
        let late = await #expect(throws: ClientError.self) { try await client.connect() }
        #expect(late?.code == .closed)
    }

    @Test func closedClientIsReleased() async throws {
        let server = try await ScriptedServer()
        weak var released: ChatClient?
        do {
            let client = server.client()
            released = client
            _ = try await client.connect()
            await server.session()?.hangUp()
            while await client.nextEvents() != nil {}
        }
        while released != nil { await Task.yield() }
    }
}
