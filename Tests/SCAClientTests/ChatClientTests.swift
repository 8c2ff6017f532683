internal import SCACore
internal import Testing

@testable internal import SCAClient

/// The client over loopback, against a scripted server.
@Suite(.timeLimit(.minutes(10)))
struct ChatClientTests {
    private let bob = Words.bob

    @Test func helloIsTheFirstWordOfAV2Server() async throws {
        let server = try await ScriptedServer(.v2)
        let client = server.client { $0.isVisible = false }
        let info = try await client.connect()
        #expect(info == ServerInfo(dialect: .v2, server: "test/1", limits: WireLimits()))
        #expect(await client.info == info)
        guard case .request(let request) = await server.session()?.next() else { return #expect(Bool(false)) }
        #expect(request.starts(with: "GET /ws/9000000001?presence=none&visible=0&receipts=0 HTTP/1.1\r\n"))
        await client.close()
        #expect(await client.info == nil)
    }

    @Test func serverThatSelectsNothingIsSpokenToInBase() async throws {
        let server = try await ScriptedServer(.base)
        let client = server.client()
        #expect(try await client.connect() == ServerInfo(dialect: .base))
        await client.close()
    }

    @Test func v2ServerWithoutHelloIsRefused() async throws {
        let server = try await ScriptedServer(.upgrade("sca.v2", [.pong]))
        let client = server.client()
        let error = await #expect(throws: ClientError.self) { try await client.connect() }
        #expect(error?.code == .invalidServer)
        let ended = await client.next { if case .ended(let error) = $0 { error } else { nil } }
        #expect(ended == error)
        #expect(await client.nextEvents() == nil)
    }

    @Test func serverThatIsNotThereIsUnreachable() async throws {
        let server = try await ScriptedServer()
        try await server.stop()
        let client = server.client()
        let error = await #expect(throws: ClientError.self) { try await client.connect() }
        #expect(error?.code == .unreachable)
        #expect(error?.message == "no server answers at \(server.endpoint) (connection refused)")
        #expect(error?.hint == "start one with: scad, or name another with --server")
    }

    @Test func refusalReachesTheCaller() async throws {
        let body = #"{"error":{"code":"unauthorized","message":"this token is too old"}}"#
        let server = try await ScriptedServer(.bytes(Handshake.refuse(401, body)))
        let client = server.client()
        let error = await #expect(throws: ClientError.self) { try await client.connect() }
        #expect(error?.code == .unauthorized)
        #expect(error?.message.contains("this token is too old") == true)
    }

    @Test func serverThatHangsUpOrIsSilentIsExplained() async throws {
        let hangingUp = try await ScriptedServer(.hangUp)
        let lost = await #expect(throws: ClientError.self) { try await hangingUp.client().connect() }
        #expect(lost?.code == .connectionLost)
        let silent = try await ScriptedServer(.silence)
        let late = await #expect(throws: ClientError.self) {
            try await silent.client { $0.connectTimeout = .seconds(2) }.connect()
        }
        #expect(late?.code == .timeout)
        #expect(await silent.session()?.next() != nil)
    }

    @Test func clientConnectsOnce() async throws {
        let server = try await ScriptedServer()
        let client = server.client()
        let early = await #expect(throws: ClientError.self) { try await client.onlineUsers() }
        #expect(early?.code == .usage)
        _ = try await client.connect()
        let again = await #expect(throws: ClientError.self) { try await client.connect() }
        #expect(again?.code == .usage)
        await client.close()
        let late = await #expect(throws: ClientError.self) { try await client.send("x", to: bob) }
        #expect(late?.code == .closed)
    }

    @Test func sendReturnsWhatBecameOfTheMessage() async throws {
        let server = try await ScriptedServer()
        let client = server.client()
        _ = try await client.connect()
        let session = try #require(await server.session())
        async let delivery = client.send("hello", to: bob)
        guard case .message(let to, let text, let id?) = await session.nextFrame() else { return #expect(Bool(false)) }
        #expect(to == bob && text.string == "hello")
        session.say(.ack(id: id, to: bob, sessions: 1, receipts: 1), .receipt(from: bob, id: id, state: .stored))
        #expect(try await delivery.status == .stored)
        #expect(try await delivery.id == id)
        await client.close()
        let events = await client.nextEvents()
        #expect(events?.contains { if case .delivery = $0 { true } else { false } } == false)
    }

    @Test func submitSuspendsWhileTheWindowIsFull() async throws {
        let server = try await ScriptedServer()
        let client = server.client { $0.window = 2 }
        _ = try await client.connect()
        let session = try #require(await server.session())
        let messages = (0..<5).map { Outgoing(to: bob, text: "\($0)", id: Words.id($0), wait: .routed) }
        async let submitted: Void = client.submit(messages)
        for number in 0..<5 {
            guard case .message(_, _, let id?) = await session.nextFrame() else { return #expect(Bool(false)) }
            #expect(id == Words.id(number))
            #expect(await client.tracker.inFlight <= 2)
            session.say(.ack(id: id, to: bob, sessions: 1, receipts: 0))
        }
        try await submitted
        var statuses: [DeliveryStatus] = []
        while statuses.count < 5, let events = await client.nextEvents() {
            for case .delivery(let delivery) in events { statuses.append(delivery.status) }
        }
        #expect(statuses == Array(repeating: .routed, count: 5))
        await client.close()
    }

    @Test func messageThatNobodyAsksAboutIsReportedOnceItIsWritten() async throws {
        let server = try await ScriptedServer()
        let client = server.client()
        _ = try await client.connect()
        let delivery = try await client.send("hello", to: bob, wait: .none)
        #expect(delivery.isUnconfirmed)
        #expect(await server.session()?.nextFrame() == .message(to: bob, text: MessageText("hello"), id: nil))
        await client.close()
    }

    @Test func baseServerIsAskedAndPinged() async throws {
        let server = try await ScriptedServer(.base)
        let client = server.client()
        _ = try await client.connect()
        let session = try #require(await server.session())
        async let delivery = client.send("hello", to: bob)
        #expect(await session.nextFrame() == .getOnlineUsers)
        session.say(.onlineUsers([bob], rev: nil))
        #expect(await session.nextFrame() == .message(to: bob, text: MessageText("hello"), id: nil))
        #expect(await session.nextFrame() == .ping)
        session.say(.pong)
        #expect(try await delivery.status == .routed)
        await client.close()
    }

    @Test func whoIsOnlineIsAnsweredByAList() async throws {
        let server = try await ScriptedServer()
        let client = server.client()
        _ = try await client.connect()
        let session = try #require(await server.session())
        async let users = client.onlineUsers()
        #expect(await session.nextFrame() == .getOnlineUsers)
        session.say(.onlineUsers([bob, Words.carol], rev: 4))
        #expect(try await users == [bob, Words.carol])
        let late = await #expect(throws: ClientError.self) { try await client.onlineUsers(timeout: .milliseconds(20)) }
        #expect(late?.code == .timeout)
        await client.close()
    }

    @Test func watchTellsWhoIsOnlineAndThenWhatChanges() async throws {
        let server = try await ScriptedServer()
        let client = server.client()
        _ = try await client.connect()
        let session = try #require(await server.session())
        async let watched = client.watch([bob, Words.carol])
        #expect(await session.nextFrame() == .watch([bob, Words.carol]))
        #expect(await session.nextFrame() == .ping)
        session.say(.presence(rev: 9, joined: [bob], left: [Words.carol]), .pong)
        #expect(try await watched == [bob: true, Words.carol: false])
        session.say(.presence(rev: 12, joined: [Words.carol], left: []))
        let joined = await client.next { if case .presence(let joined, _) = $0 { joined } else { nil } }
        #expect(joined == [Words.carol])
        try await client.unwatch([bob])
        #expect(await session.nextFrame() == .unwatch([bob]))
        let refused = Task { try await client.watch([Words.mobile(7)]) }
        #expect(await session.nextFrame() == .watch([Words.mobile(7)]))
        session.say(.error(WireError(.tooLarge, "a session may watch 2 mobiles")))
        let error = await #expect(throws: ClientError.self) { try await refused.value }
        #expect(error?.code == .tooLarge)
        await client.close()
    }
}
