internal import SCACore
internal import Testing

@testable internal import SCAClient

/// The promise: stored first, then the receipt, then the event.
@Suite(.timeLimit(.minutes(10)))
struct StoreOrderTests {
    private let bob = Words.bob

    private func connected(
        _ store: any MessageStore,
        _ greeting: ScriptedServer.Greeting = .v2,
        change: (inout ClientConfiguration) -> Void = { _ in }
    ) async throws -> (ChatClient, ScriptedSession) {
        let server = try await ScriptedServer(greeting)
        let client = server.client(store: store, change: change)
        _ = try await client.connect()
        _ = await client.nextEvents()
        return (client, try #require(await server.session()))
    }

    private func receipt(_ number: Int) -> ClientFrame {
        .receipt(to: bob, id: Words.id(number), state: .stored)
    }

    /// What the client has said before it answers a ping.
    private func saidBeforePong(_ session: ScriptedSession) async -> [ClientFrame] {
        session.write(WebSocketFrame.encode(.ping, payload: [9]))
        var frames: [ClientFrame] = []
        while let heard = await session.next(), heard != .pong([9]) {
            // A heartbeat may be due: machines are slow.
            if case .frame(let frame) = heard, frame != .ping { frames.append(frame) }
        }
        return frames
    }

    @Test func receiptIsSentOnlyAfterTheStoreHasReturned() async throws {
        let store = SuspendedStore()
        let (client, session) = try await connected(store)
        session.say(Words.message(1))
        let rows = await store.rows()
        #expect(rows.map(\.id) == [Words.id(1)])
        #expect(rows.first?.direction == .in)
        #expect(rows.first?.ts == 5)
        #expect(await saidBeforePong(session) == [])
        #expect(await client.events.isEmpty)
        await store.finish(healed: ["a torn tail"])
        #expect(await session.nextFrame() == receipt(1))
        let events = try #require(await client.nextEvents())
        guard events.count == 2, case .historyHealed("a torn tail") = events[0], case .message(let message) = events[1]
        else { return #expect(Bool(false), "\(events)") }
        #expect(message.text == "text 1")
        await client.close()
    }

    @Test func nextBatchCollectsWhileOneIsBeingStored() async throws {
        let store = SuspendedStore()
        let (client, session) = try await connected(store)
        session.say(Words.message(1))
        _ = await store.rows()
        session.say(Words.message(2))
        session.say(Words.message(3))
        _ = await saidBeforePong(session)
        await store.finish()
        #expect(await store.rows().map(\.id) == [Words.id(2), Words.id(3)])
        #expect(await session.nextFrame() == receipt(1))
        await store.finish()
        #expect(await session.nextFrame() == receipt(2))
        #expect(await session.nextFrame() == receipt(3))
        await client.close()
    }

    @Test func repeatGetsAReceiptAndNoEvent() async throws {
        let (client, session) = try await connected(MemoryStore())
        session.say(Words.message(1))
        #expect(await session.nextFrame() == receipt(1))
        #expect(await client.nextEvents()?.count == 1)
        session.say(Words.message(1), Words.message(2))
        #expect(await session.nextFrame() == receipt(1))
        #expect(await session.nextFrame() == receipt(2))
        let events = try #require(await client.nextEvents())
        guard events.count == 1, case .message(let message) = events[0] else {
            return #expect(Bool(false), "\(events)")
        }
        #expect(message.id == Words.id(2))
        await client.close()
    }

    @Test func messageThatAnotherProcessStoredFirstIsReportedHereToo() async throws {
        let store = SuspendedStore()
        let (client, session) = try await connected(store)
        session.say(Words.message(1))
        _ = await store.rows()
        await store.finish(isNew: [false])
        #expect(await session.nextFrame() == receipt(1))
        #expect(await client.nextEvents()?.count == 1)
        await client.close()
    }

    @Test func storeThatFailsMeansNoReceiptButTheMessageIsShown() async throws {
        let store = SuspendedStore()
        let (client, session) = try await connected(store)
        let full = HistoryError(code: .full, message: "the disk is full", hint: "make room")
        session.say(Words.message(1))
        _ = await store.rows()
        await store.fail(full)
        let events = try #require(await client.nextEvents())
        guard events.count == 2, case .storeFailed(full) = events[0], case .message = events[1] else {
            return #expect(Bool(false), "\(events)")
        }
        #expect(await saidBeforePong(session) == [])
        // The sender tries again, and now there is room: a receipt, but it was shown already.
        session.say(Words.message(1))
        _ = await store.rows()
        await store.finish()
        #expect(await session.nextFrame() == receipt(1))
        #expect(await client.events.isEmpty)
        await client.close()
    }

    @Test func onlyArrivedMessagesWithAnIdGetReceipts() async throws {
        let (client, session) = try await connected(MemoryStore())
        session.say(
            Words.message(1, from: Words.alice, to: Words.bob),
            Words.message(2, to: nil),
            Words.message(3, from: Words.alice, to: Words.alice),
            Words.message(4)
        )
        #expect(await session.nextFrame() == .receipt(to: Words.alice, id: Words.id(3), state: .stored))
        #expect(await session.nextFrame() == receipt(4))
        var messages: [ChatMessage] = []
        while messages.count < 4, let events = await client.nextEvents() {
            for case .message(let message) in events { messages.append(message) }
        }
        #expect(messages.map(\.direction) == [.out, .in, .in, .in])
        #expect(messages.allSatisfy { $0.unixMilliseconds == 5 })
        await client.close()
    }

    @Test func clientThatShallNotConfirmDoesNot() async throws {
        let (client, session) = try await connected(MemoryStore()) { $0.sendsReceipts = false }
        session.say(Words.message(1))
        _ = await client.nextEvents()
        #expect(await saidBeforePong(session) == [])
        await client.close()
    }

    @Test func baseMessageGetsAnIdAndATimeHere() async throws {
        let store = MemoryStore()
        let (client, session) = try await connected(store, .base)
        session.say(.message(RelayedMessage(from: bob, text: MessageText("a"))))
        session.say(.message(RelayedMessage(from: bob, text: MessageText("a"))))
        var messages: [ChatMessage] = []
        while messages.count < 2, let events = await client.nextEvents() {
            for case .message(let message) in events { messages.append(message) }
        }
        #expect(Set(messages.map(\.id)).count == 2, "the same text twice is two messages")
        #expect(messages.allSatisfy { $0.to == Words.alice && $0.unixMilliseconds > 1_700_000_000_000 })
        #expect(await store.rows.count == 2)
        await client.close()
    }

    @Test func endWaitsForTheStore() async throws {
        let store = SuspendedStore()
        let (client, session) = try await connected(store)
        session.say(Words.message(1))
        _ = await store.rows()
        session.hangUp()
        while await client.ending == nil { await Task.yield() }
        #expect(await client.events.isEmpty)
        await store.finish()
        var events: [ClientEvent] = []
        while let batch = await client.nextEvents() { events += batch }
        guard events.count == 2, case .message = events[0], case .ended(let error) = events[1] else {
            return #expect(Bool(false), "\(events)")
        }
        #expect(error?.code == .connectionLost)
    }

    @Test func withoutAStoreRepeatsAreStillNotShown() async throws {
        let server = try await ScriptedServer()
        let client = ChatClient(configuration: Words.configuration { $0.endpoint = server.endpoint }, store: nil)
        _ = try await client.connect()
        let session = try #require(await server.session())
        session.say(Words.message(1), Words.message(1), Words.message(2))
        var ids: [MessageID] = []
        while ids.count < 2, let events = await client.nextEvents() {
            for case .message(let message) in events { ids.append(message.id) }
        }
        #expect(ids == [Words.id(1), Words.id(2)])
        #expect(await saidBeforePong(session) == [])
        await client.close()
    }

    @Test func recentMessagesAreRememberedAndMemoryIsBounded() {
        var recent = RecentMessages()
        func chat(_ number: Int) -> ChatMessage {
            ChatMessage(
                id: Words.id(number),
                unixMilliseconds: 0,
                direction: .in,
                from: bob,
                to: Words.alice,
                text: ""
            )
        }
        for number in 0..<100_000 {
            let isNew = recent.insert(chat(number))
            let isNewAgain = recent.insert(chat(max(0, number - RecentMessages.generation + 1)))
            #expect(isNew && !isNewAgain)
        }
        let isForgotten = recent.insert(chat(0))
        #expect(isForgotten, "long ago")
    }
}
