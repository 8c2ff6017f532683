import SCACore
import Testing

@testable import SCAServerd

@Suite struct HubSessionTests {
    let server = VirtualServer()

    @Test func idleSessionIsClosedAfterPingTimeout() throws {
        let alice = server.connect(try mobile(1))
        server.pass(.seconds(59))
        #expect(server.closed.isEmpty)
        server.pass(.seconds(31))
        #expect(server.closed[alice] == .heartbeatTimeout)
        #expect(server.directory.sessionCount == 0)
    }

    @Test func everyoneHearsThatASilentSessionIsGone() throws {
        let alice = server.connect(try mobile(1))
        server.connect(try mobile(2))
        for _ in 0..<6 {
            server.pass(.seconds(20))
            server.send(.ping, from: alice)
        }
        #expect(server.frames(alice).contains(.onlineUsers([try mobile(1)], rev: nil)))
    }

    @Test(arguments: ["ping", "WebSocket ping", "WebSocket pong", "rubbish"])
    func anythingFromTheClientIsActivity(kind: String) throws {
        let alice = server.connect(try mobile(1))
        for _ in 0..<10 {
            server.pass(.seconds(50))
            switch kind {
            case "ping": server.send(.ping, from: alice)
            case "WebSocket ping": server.take(.ping(alice, [1, 2]), loop: 0)
            case "WebSocket pong": server.take(.pong(alice), loop: 0)
            default: server.take(.badFrame(alice, WireError(.invalidFrame, "no"), bytes: 3), loop: 0)
            }
        }
        #expect(server.closed.isEmpty)
        server.pass(.seconds(91))
        #expect(server.closed[alice] == .heartbeatTimeout)
    }

    @Test func webSocketPingIsAnsweredWithItsPayload() throws {
        let alice = server.connect(try mobile(1))
        server.forgetFrames()
        server.take(.ping(alice, [7, 8, 9]), loop: 0)
        #expect(server.raw[alice] == [EncodedFrame(.pong, payload: [7, 8, 9])])
    }

    @Test func tooFastIsSlowedUntilTheBucketIsFullAgain() throws {
        let rates = RateLimiter.Rates(framesPerSecond: 10, bytesPerSecond: 0)
        let server = VirtualServer(HubConfiguration(rates: rates))
        let alice = server.connect(try mobile(1))
        server.forgetFrames()
        for _ in 0..<20 { server.send(.ping, from: alice) }
        #expect(server.paused.isEmpty, "two seconds' worth may come at once")
        for _ in 0..<10 { server.send(.ping, from: alice) }
        #expect(server.paused == [alice])
        #expect(server.frames(alice).count == 30, "slowed, not dropped")
        server.pass(.milliseconds(900))
        #expect(server.paused == [alice])
        server.pass(.milliseconds(200))
        #expect(server.paused.isEmpty)
        #expect(server.closed.isEmpty)
    }

    /// Its pings lie in the kernel meanwhile.
    @Test func whoIsSlowedForLongerThanASilenceMayLastIsNotClosed() throws {
        let rates = RateLimiter.Rates(framesPerSecond: 1, bytesPerSecond: 0)
        let server = VirtualServer(HubConfiguration(rates: rates))
        let alice = server.connect(try mobile(1))
        for _ in 0..<200 { server.send(.ping, from: alice) }
        server.pass(.seconds(190))
        #expect(server.paused == [alice])
        #expect(server.closed.isEmpty)
        server.pass(.seconds(10))
        #expect(server.paused.isEmpty)
        // From here on it can be heard.
        server.pass(.seconds(55))
        #expect(server.closed.isEmpty)
        server.pass(.seconds(60))
        #expect(server.closed[alice] == .heartbeatTimeout)
    }

    @Test func aMessageThatDoesNotFitIsRefusedAsBusy() throws {
        let server = VirtualServer(HubConfiguration(outboxBytes: 1_000))
        let alice = server.connectV2(try mobile(1))
        let bob = server.connect(try mobile(2))
        server.pass(.seconds(1))
        server.stalled = [bob]
        server.forgetFrames()
        let text = MessageText(String(repeating: "x", count: 400))
        for number in 0..<3 {
            server.send(.message(to: try mobile(2), text: text, id: try id("m\(number)")), from: alice)
        }
        let answers = server.frames(alice)
        #expect(answers.count == 3)
        guard case .error(let error)? = answers.last else {
            Issue.record("the third does not fit: \(answers)")
            return
        }
        #expect(error.code == .recipientBusy)
        #expect(texts(server.frames(bob)).count == 2)
        server.unstall(bob)
        server.send(.message(to: try mobile(2), text: text, id: try id("m3")), from: alice)
        #expect(server.frames(alice) == [.ack(id: try id("m3"), to: try mobile(2), sessions: 1, receipts: 0)])
    }

    @Test func aSessionWhoseOutboxStaysFullIsClosed() throws {
        let server = VirtualServer(HubConfiguration(outboxBytes: 1_000))
        let alice = server.connect(try mobile(1))
        let bob = server.connect(try mobile(2))
        server.pass(.seconds(1))
        server.stalled = [bob]
        let text = MessageText(String(repeating: "x", count: 900))
        for _ in 0..<2 { server.send(.message(to: try mobile(2), text: text, id: nil), from: alice) }
        server.pass(.milliseconds(9_900))
        #expect(server.closed.isEmpty)
        server.pass(.milliseconds(200))
        #expect(server.closed[bob] == .tooSlow)
    }

    @Test func whoReadsSlowlyIsRefusedMessagesAndNotClosed() throws {
        let server = VirtualServer(HubConfiguration(outboxBytes: 1_000))
        let alice = server.connect(try mobile(1))
        let bob = server.connect(try mobile(2))
        server.pass(.seconds(1))
        server.stalled = [bob]
        let text = MessageText(String(repeating: "x", count: 400))
        for _ in 0..<20 {
            for _ in 0..<3 { server.send(.message(to: try mobile(2), text: text, id: nil), from: alice) }
            server.pass(.seconds(5))
            server.send(.ping, from: alice)
            server.send(.ping, from: bob)
            // A little of it leaves, never all.
            server.take(.flushed(bob, bytes: 100, presence: false), loop: 0)
        }
        #expect(server.closed.isEmpty)
        server.pass(.seconds(1))
        server.send(.message(to: try mobile(2), text: text, id: nil), from: alice)
        server.pass(.seconds(11))
        #expect(server.closed[bob] == .tooSlow)
    }

    @Test func othersMessagesDoNotKeepASessionFromBeingRead() throws {
        let server = VirtualServer(HubConfiguration(outboxBytes: 1_000))
        let alice = server.connect(try mobile(1))
        let bob = server.connect(try mobile(2))
        server.pass(.seconds(1))
        server.stalled = [bob]
        let text = MessageText(String(repeating: "x", count: 800))
        server.send(.message(to: try mobile(2), text: text, id: nil), from: alice)
        server.send(.ping, from: bob)
        #expect(server.paused.isEmpty, "its own answers are a few bytes")
    }

    @Test func presenceNeverCountsTowardABacklog() throws {
        let server = VirtualServer(HubConfiguration(outboxBytes: 1_000))
        let alice = server.connect(try mobile(1))
        let bob = server.connect(try mobile(2))
        server.pass(.seconds(1))
        server.stalled = [bob]
        for number in 3...200 { server.connect(try mobile(number)) }
        server.pass(.seconds(5))
        server.forgetFrames()
        server.send(.message(to: try mobile(2), text: MessageText("hi"), id: try id("x")), from: alice)
        #expect(server.frames(alice) == [.ack(id: try id("x"), to: try mobile(2), sessions: 1, receipts: 0)])
    }

    @Test func whoDoesNotReadItsOwnAnswersIsNotReadFrom() throws {
        let server = VirtualServer(HubConfiguration(outboxBytes: 1_000))
        let alice = server.connect(try mobile(1))
        server.pass(.seconds(1))
        server.stalled = [alice]
        for _ in 0..<40 { server.send(.ping, from: alice) }
        #expect(server.paused == [alice])
        server.unstall(alice)
        #expect(server.paused.isEmpty)
    }

    @Test func aMobileMayHaveSoManySessionsAndNoMore() throws {
        let server = VirtualServer(HubConfiguration(sessionsPerMobile: 2))
        server.connect(try mobile(1))
        #expect(server.hubs[0].refusal(of: try mobile(1), now: server.now) == nil)
        server.connect(try mobile(1))
        #expect(server.hubs[0].refusal(of: try mobile(1), now: server.now)?.code == .rateLimited)
        #expect(server.hubs[0].refusal(of: try mobile(2), now: server.now) == nil)
    }

    @Test func theServerMayHaveSoManySessionsAndNoMore() throws {
        let server = VirtualServer(HubConfiguration(sessions: 2))
        server.connect(try mobile(1))
        server.connect(try mobile(2))
        #expect(server.hubs[0].refusal(of: try mobile(3), now: server.now)?.code == .rateLimited)
    }

    @Test func drainSpreadsTheGoodbyesOverItsWindow() throws {
        let sessions = try (0..<100).map { server.connect(try mobile($0)) }
        server.take(.drain(window: 2_000_000_000), loop: 0)
        #expect(server.hubs[0].refusal(of: try mobile(200), now: server.now)?.code == .draining)
        #expect(server.hubs[0].refusal(of: try mobile(200), now: server.now)?.retryAfter == 2)
        #expect(server.closed.count <= 1)
        server.pass(.seconds(1))
        #expect(
            server.hubs[0].refusal(of: try mobile(200), now: server.now)?.retryAfter == 1,
            "what is left of the window"
        )
        #expect((49...52).contains(server.closed.count), "half of them after half the time: \(server.closed.count)")
        #expect(server.drainedLoops == 0)
        server.pass(.seconds(1))
        #expect(sessions.allSatisfy { server.closed[$0] == .draining })
        #expect(server.drainedLoops == 1)
    }

    @Test func aDrainWithoutSessionsIsDoneAtOnce() {
        server.take(.drain(window: 2_000_000_000), loop: 0)
        #expect(server.drainedLoops == 1)
    }
}
