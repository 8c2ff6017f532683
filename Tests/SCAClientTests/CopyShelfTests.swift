internal import SCACore
internal import Testing

@testable internal import SCAClient

/// Copies wait a moment for the word of what became of the message.
@Suite struct CopyShelfTests {
    private func copy(_ number: Int, to: Mobile = Words.bob) -> ChatMessage {
        ChatMessage(
            id: Words.id(number),
            unixMilliseconds: Int64(number),
            direction: .out,
            from: Words.alice,
            to: to,
            text: "copy \(number)"
        )
    }

    @Test func aReceiptTakesItsCopyOutOnce() {
        var shelf = CopyShelf()
        let time = VirtualTime()
        shelf.keep(copy(1), now: time.now)
        #expect(shelf.confirm(Words.id(1), from: Words.carol) == nil, "only its recipient can confirm it")
        #expect(shelf.confirm(Words.id(1), from: Words.bob) == copy(1))
        #expect(shelf.confirm(Words.id(1), from: Words.bob) == nil)
        #expect(shelf.nextDeadline == nil)
    }

    @Test func whatNobodyConfirmsIsDueInTheOrderItCame() {
        var shelf = CopyShelf()
        var time = VirtualTime()
        for number in 1...4 {
            shelf.keep(copy(number), now: time.now)
            time.pass(.seconds(1))
        }
        _ = shelf.confirm(Words.id(1), from: Words.bob)
        #expect(shelf.due(now: time.now) == [copy(2)])
        #expect(shelf.takeAll() == [copy(3), copy(4)])
        #expect(shelf.nextDeadline == nil)
    }

    @Test func aCopyThatComesTwiceWaitsOnce() {
        var shelf = CopyShelf()
        var time = VirtualTime()
        shelf.keep(copy(1), now: time.now)
        time.pass(.seconds(2))
        shelf.keep(copy(1), now: time.now)
        time.pass(.seconds(1))
        #expect(shelf.due(now: time.now) == [copy(1)])
        #expect(shelf.takeAll().isEmpty)
    }
}

/// The same over a connection: which status the row gets.
@Suite(.timeLimit(.minutes(10)))
struct CopyStoringTests {
    private let copy = ServerFrame.message(
        RelayedMessage(
            from: Words.alice,
            to: Words.bob,
            text: MessageText("hi"),
            id: Words.id(1),
            unixMilliseconds: 5
        )
    )

    private func client(_ store: any MessageStore) async throws -> (ChatClient, ScriptedSession) {
        let server = try await ScriptedServer(.v2)
        let client = ChatClient(configuration: Words.configuration { $0.endpoint = server.endpoint }, store: store)
        _ = try await client.connect()
        _ = await client.nextEvents()
        return (client, try #require(await server.session()))
    }

    @Test func aCopyWhoseReceiptComesIsStoredAsStored() async throws {
        let store = SuspendedStore()
        let (client, session) = try await client(store)
        session.say(copy)
        session.say(.receipt(from: Words.bob, id: Words.id(1), state: .stored))
        let rows = await store.rows()
        #expect(rows.map(\.status) == [.stored])
        #expect(rows.map(\.direction) == [.out])
        await store.finish()
        await client.close()
    }

    @Test func aCopyWithoutOneIsStoredAsRoutedAtTheLatestAtTheEnd() async throws {
        let store = SuspendedStore()
        let (client, session) = try await client(store)
        session.say(copy)
        guard case .message(let message)? = await client.nextEvents()?.first else {
            Issue.record("a copy is reported at once")
            return
        }
        #expect(message.direction == .out)
        async let closed: Void = client.close()
        let rows = await store.rows()
        #expect(rows.map(\.status) == [.routed])
        await store.finish()
        await closed
    }
}
