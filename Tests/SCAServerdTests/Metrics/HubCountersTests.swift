import SCACore
import Testing

@testable import SCAServerd

/// What a loop counts of what happens on it.
@Suite struct HubCountersTests {
    private func say(_ text: String, to mobile: Mobile, id: MessageID? = nil) -> ClientFrame {
        .message(to: mobile, text: MessageText(text), id: id)
    }

    @Test func messagesAreRoutedOrRefusedOnceEach() throws {
        var configuration = HubConfiguration()
        configuration.outboxBytes = 600
        let server = VirtualServer(configuration)
        let (asha, ravi) = (server.connectV2(try mobile(1)), server.connectV2(try mobile(2)))
        server.connectV2(try mobile(2))
        server.send(say("to two sessions, and counted once", to: try mobile(2), id: try id("a")), from: asha)
        server.send(say("without an id, unanswered", to: try mobile(3)), from: asha)
        server.send(say("to herself", to: try mobile(1), id: try id("b")), from: asha)
        var counters = server.hubs[0].counters
        #expect((counters.routed, counters.offline, counters.busy) == (2, 1, 0))

        server.stalled = [ravi, SessionID(loop: 0, number: 3)]
        for number in 0..<20 {
            server.send(say("never read", to: try mobile(2), id: try id("c\(number)")), from: asha)
        }
        counters = server.hubs[0].counters
        #expect(counters.routed + counters.busy == 22 && counters.busy > 0 && counters.offline == 1)
    }

    @Test func aMessageAcrossLoopsIsCountedByItsSendersLoop() throws {
        let server = VirtualServer(loops: 2)
        let asha = server.connectV2(try mobile(1), loop: 0)
        server.connectV2(try mobile(2), loop: 0)
        server.connectV2(try mobile(2), loop: 1)
        server.send(say("hi", to: try mobile(2), id: try id("a")), from: asha)
        #expect(server.hubs.map(\.counters.routed) == [1, 0])
    }

    @Test func sessionsAreCountedByHowTheyEnd() throws {
        var configuration = HubConfiguration()
        configuration.outboxBytes = 600
        let server = VirtualServer(configuration)
        let (silent, lazy) = (server.connectV2(try mobile(1)), server.connectV2(try mobile(2)))
        let expiring = server.connectV2(try mobile(3)) { $0.expiresAt = 1_795_363_670_974 + 5_000 }
        let leaving = server.connectV2(try mobile(4))
        server.disconnect(leaving)
        server.disconnect(leaving)
        server.stalled = [lazy]
        let sender = server.connectV2(try mobile(5))
        for number in 0..<20 {
            server.send(say("never read", to: try mobile(2), id: try id("c\(number)")), from: sender)
        }
        server.pass(.seconds(200))
        let last = server.connectV2(try mobile(6))
        server.take(.drain(window: 0), loop: 0)
        server.pass(.seconds(1))
        #expect(server.closed.keys.contains(silent) && server.closed.keys.contains(expiring))
        #expect(server.closed.keys.contains(last))
        let counters = server.hubs[0].counters
        #expect(counters.opened == 6)
        #expect(
            counters.closed == [.left: 1, .tooSlow: 1, .tokenExpired: 1, .heartbeatTimeout: 2, .draining: 1]
        )
    }

    @Test func framesThatAreAnsweredWithAnErrorAreCountedByItsCode() throws {
        var configuration = HubConfiguration()
        configuration.limits.watchedMobiles = 1
        let server = VirtualServer(configuration)
        let (base, v2) = (server.connect(try mobile(1)), server.connectV2(try mobile(2)))
        server.take(.badFrame(base, WireError(.invalidMobile, "no"), bytes: 10), loop: 0)
        server.send(.watch([try mobile(3)]), from: base)
        server.send(.watch([try mobile(3), try mobile(4)]), from: v2)
        #expect(server.hubs[0].counters.badFrames == [.invalidMobile: 1, .unknownType: 1, .tooLarge: 1])
    }

    @Test func whatIsToldTogetherIsFolded() throws {
        var presence = Presence(bytesPerSecond: 0)
        for number in 1...3 { presence.touch(try mobile(number)) }
        presence.touch(try mobile(1))
        #expect(presence.update(now: 1, audience: Presence.Audience(), isOnline: { _ in true }) != nil)
        presence.touch(try mobile(2))
        #expect(presence.update(now: 2, audience: Presence.Audience(), isOnline: { _ in false }) != nil)
        #expect(presence.update(now: 3, audience: Presence.Audience(), isOnline: { _ in false }) == nil)
        let counts = presence.counts
        #expect((counts.changes, counts.updates, counts.folded) == (5, 2, 3))
    }

    @Test func mobilesAreCountedOnceHoweverManySessionsTheyHave() throws {
        let server = VirtualServer(loops: 2)
        let first = server.connect(try mobile(1), loop: 0)
        server.connect(try mobile(1), loop: 1)
        server.connect(try mobile(2), loop: 1) { $0.isVisible = false }
        #expect(server.directory.mobileCount == 2)
        server.disconnect(first)
        #expect(server.directory.mobileCount == 2)
    }
}
