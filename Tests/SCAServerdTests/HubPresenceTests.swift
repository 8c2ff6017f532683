import SCACore
import Testing

@testable import SCAServerd

@Suite struct HubPresenceTests {
    let server = VirtualServer()

    @Test func everyoneHearsOfAJoinTheNewcomerIncluded() throws {
        let alice = server.connect(try mobile(1))
        #expect(server.frames(alice) == [.onlineUsers([try mobile(1)], rev: nil)])
        let bob = server.connect(try mobile(2))
        let both = ServerFrame.onlineUsers([try mobile(1), try mobile(2)], rev: nil)
        server.pass(.seconds(1))
        #expect(server.frames(alice) == [both])
        #expect(server.frames(bob) == [both])
    }

    @Test func everyoneHearsOfALeave() throws {
        let alice = server.connect(try mobile(1))
        let bob = server.connect(try mobile(2))
        server.pass(.seconds(1))
        server.forgetFrames()
        server.disconnect(bob)
        server.pass(.seconds(1))
        #expect(server.frames(alice) == [.onlineUsers([try mobile(1)], rev: nil)])
    }

    @Test func aMobileIsOnlineFromItsFirstVisibleSessionToItsLast() throws {
        let alice = server.connect(try mobile(1))
        let first = server.connect(try mobile(2))
        let second = server.connect(try mobile(2))
        server.pass(.seconds(1))
        #expect(server.frames(second) == [.onlineUsers([try mobile(1), try mobile(2)], rev: nil)])
        server.forgetFrames()
        server.disconnect(first)
        server.pass(.seconds(1))
        #expect(server.frames(alice).isEmpty)
        server.disconnect(second)
        server.pass(.seconds(1))
        #expect(server.frames(alice) == [.onlineUsers([try mobile(1)], rev: nil)])
    }

    @Test func invisibleSessionsAreNotOnline() throws {
        let alice = server.connect(try mobile(1))
        server.forgetFrames()
        let hidden = server.connectV2(try mobile(2)) { $0.isVisible = false }
        server.pass(.seconds(1))
        #expect(server.frames(alice).isEmpty)
        guard case .hello? = server.frames(hidden).first else {
            Issue.record("no hello")
            return
        }
        #expect(server.directory.sessionCount == 2)
    }

    @Test func v2GetsHelloThenANumberedListThenDeltas() throws {
        server.connect(try mobile(1))
        server.pass(.seconds(1))
        let bob = server.connectV2(try mobile(2))
        let frames = server.frames(bob)
        guard case .hello(let hello)? = frames.first else {
            Issue.record("the first frame must be hello: \(frames)")
            return
        }
        #expect(hello.mobile == (try mobile(2)))
        #expect(hello.textBytes == 65_536)
        #expect(hello.heartbeatSeconds == 60)
        #expect(
            frames.dropFirst() == [
                .onlineUsers([try mobile(1)], rev: 1), .presence(rev: 2, joined: [try mobile(2)], left: []),
            ]
        )
        let carol = server.connect(try mobile(3))
        server.pass(.seconds(1))
        server.disconnect(carol)
        server.pass(.seconds(1))
        #expect(
            server.frames(bob) == [
                .presence(rev: 3, joined: [try mobile(3)], left: []),
                .presence(rev: 4, joined: [], left: [try mobile(3)]),
            ]
        )
    }

    @Test func getOnlineUsersIsAnsweredInBothDialects() throws {
        let alice = server.connect(try mobile(1))
        let bob = server.connectV2(try mobile(2)) { $0.wantsAllPresence = false }
        server.pass(.seconds(1))
        server.forgetFrames()
        server.send(.getOnlineUsers, from: alice)
        server.send(.getOnlineUsers, from: bob)
        let both = [try mobile(1), try mobile(2)]
        #expect(server.frames(alice) == [.onlineUsers(both, rev: nil)])
        #expect(server.frames(bob) == [.onlineUsers(both, rev: 2)])
    }

    @Test func manyChangesAreFoldedIntoOneListOnceTheyWouldCostTooMuch() throws {
        let server = VirtualServer(HubConfiguration(presenceBytesPerSecond: 10_000))
        let first = server.connect(try mobile(0))
        server.forgetFrames()
        for number in 1...100 { server.connect(try mobile(number)) }
        #expect(server.frames(first).count < 5, "a list of 100 mobiles for 100 sessions is far over the budget")
        server.pass(.seconds(60))
        let frames = server.frames(first)
        #expect(frames.last == .onlineUsers(try (0...100).map(mobile), rev: nil), "exact once quiet")
        #expect(frames.count < 10)
    }

    @Test func presenceStaysWithinItsShareOfTheOutput() throws {
        let rate = 20_000
        let server = VirtualServer(HubConfiguration(pingTimeout: .max / 4, presenceBytesPerSecond: rate))
        let sessions = try (0..<50).map { server.connect(try mobile($0)) }
        server.pass(.seconds(600))
        server.forgetFrames()
        for number in 50..<150 {
            let extra = server.connect(try mobile(number))
            server.pass(.milliseconds(100))
            server.disconnect(extra)
            server.pass(.milliseconds(100))
        }
        let sent = sessions.reduce(0) { $0 + (server.raw[$1] ?? []).reduce(0) { $0 + $1.count } }
        #expect(sent <= rate * 22, "20 s of changes and one list more")
        #expect(sent > 0)
    }

    @Test func aChangeIsCountedAsWhatItCostsEachDialect() throws {
        // A list of 200 mobiles for 200 sessions is 26 s of this rate, the one who came for 200 an eighth of a second.
        for isV2 in [false, true] {
            let server = VirtualServer(HubConfiguration(pingTimeout: .max / 4, presenceBytesPerSecond: 20_000))
            let crowd = try (0..<200).map { isV2 ? server.connectV2(try mobile($0)) : server.connect(try mobile($0)) }
            server.pass(.seconds(600))
            server.connect(try mobile(200))
            server.pass(.milliseconds(1))
            server.forgetFrames()
            server.connect(try mobile(201))
            server.pass(.seconds(1))
            #expect(server.frames(crowd[0]).isEmpty == !isV2, "the change before is still being paid for")
            server.pass(.seconds(60))
            #expect(server.frames(crowd[0]).isEmpty == isV2)
        }
    }

    @Test func whoHasNotDrainedTheLastListGetsTheNewestAndNoQueue() throws {
        let base = server.connect(try mobile(1))
        let extended = server.connectV2(try mobile(2))
        server.pass(.seconds(1))
        server.stalled = [base, extended]
        server.forgetFrames()
        for number in 3...20 {
            server.connect(try mobile(number))
            server.pass(.milliseconds(100))
        }
        #expect(server.frames(base).isEmpty)
        server.unstall(base)
        server.unstall(extended)
        let all = try (1...20).map(mobile)
        #expect(server.frames(base) == [.onlineUsers(all, rev: nil)])
        #expect(server.frames(extended) == [.onlineUsers(all, rev: 20)], "a list instead of the deltas it missed")
    }

    @Test func watchersAreAnsweredAtOnceAndToldOfChanges() throws {
        let bob = server.connect(try mobile(2))
        let hidden = server.connectV2(try mobile(1)) {
            $0.isVisible = false
            $0.wantsAllPresence = false
        }
        server.pass(.seconds(1))
        server.forgetFrames()
        server.send(.watch([try mobile(2), try mobile(3)]), from: hidden)
        #expect(server.frames(hidden) == [.presence(rev: 1, joined: [try mobile(2)], left: [try mobile(3)])])
        server.connect(try mobile(4))
        server.disconnect(bob)
        server.connect(try mobile(3))
        server.pass(.seconds(1))
        let told = server.frames(hidden)
        let (two, three) = (try mobile(2), try mobile(3))
        #expect(told.contains { if case .presence(_, [], let left) = $0 { left == [two] } else { false } })
        #expect(told.contains { if case .presence(_, let joined, []) = $0 { joined == [three] } else { false } })
        server.send(.unwatch([try mobile(3)]), from: hidden)
        server.connect(try mobile(5))
        server.pass(.seconds(1))
        #expect(server.frames(hidden).isEmpty)
    }

    @Test func watchersHearOfAMobileThatCameAndWentWithinOneWindow() throws {
        let server = VirtualServer(HubConfiguration(presenceBytesPerSecond: 1_000))
        let hidden = server.connectV2(try mobile(1)) {
            $0.isVisible = false
            $0.wantsAllPresence = false
        }
        for number in 10...40 { server.connect(try mobile(number)) }
        let bob = server.connect(try mobile(2))
        server.send(.watch([try mobile(2)]), from: hidden)
        server.forgetFrames()
        server.disconnect(bob)
        server.pass(.seconds(600))
        guard case .presence(_, let joined, let left)? = server.frames(hidden).last else {
            Issue.record("the watcher believes that 2 is online")
            return
        }
        #expect(joined.isEmpty)
        #expect(left == [try mobile(2)])
    }

    @Test func aWatcherThatDoesNotReadHoldsNoQueueAndHearsTheTruthLater() throws {
        let server = VirtualServer(HubConfiguration(outboxBytes: 2_000))
        let hidden = server.connectV2(try mobile(1)) {
            $0.isVisible = false
            $0.wantsAllPresence = false
        }
        server.send(.watch([try mobile(2), try mobile(3)]), from: hidden)
        server.stalled = [hidden]
        server.connect(try mobile(3))
        for _ in 0..<500 {
            let bob = server.connect(try mobile(2))
            server.pass(.milliseconds(10))
            server.disconnect(bob)
            server.pass(.milliseconds(10))
        }
        let queued = (server.raw[hidden] ?? []).reduce(0) { $0 + $1.count }
        #expect(queued < 2_500, "\(queued) bytes wait for a session that does not read")
        server.forgetFrames()
        server.unstall(hidden)
        #expect(
            server.frames(hidden) == [
                .presence(rev: server.hubs[0].presenceView.rev, joined: [], left: [try mobile(2)])
            ]
        )
    }

    @Test func watchingTooManyIsRefused() throws {
        let server = VirtualServer(HubConfiguration(limits: WireLimits(watchedMobiles: 2)))
        let alice = server.connectV2(try mobile(1)) { $0.wantsAllPresence = false }
        server.forgetFrames()
        server.send(.watch([try mobile(2), try mobile(3)]), from: alice)
        server.send(.watch([try mobile(3), try mobile(4)]), from: alice)
        guard case .error(let error)? = server.frames(alice).last else {
            Issue.record("expected an error")
            return
        }
        #expect(error.code == .tooLarge)
    }

    /// All of them are sent at once when the list is there, so they must not be as many as one likes.
    @Test func whoAsksOftenBeforeTheFirstListIsReadyIsNotReadFrom() throws {
        let server = VirtualServer(HubConfiguration(presenceBytesPerSecond: 100))
        server.connect(try mobile(1))
        server.connect(try mobile(2))
        let late = server.connect(try mobile(3))
        let (modest, asked) = (4, 1_000)
        for _ in 0..<modest { server.send(.getOnlineUsers, from: late) }
        #expect(server.paused.isEmpty, "what else it says is heard")
        var sent = modest
        while server.paused.isEmpty, sent < asked {
            server.send(.getOnlineUsers, from: late)
            sent += 1
        }
        #expect(server.paused == [late])
        #expect(sent < 20)
        server.pass(.seconds(50))
        let all = ServerFrame.onlineUsers(try (1...3).map(mobile), rev: nil)
        #expect(server.frames(late) == Array(repeating: all, count: sent + 1))
        #expect(server.paused.isEmpty)
    }

    @Test func listsAskedForBeforeTheFirstOneIsReadyComeWithIt() throws {
        // Loop 1's newcomer asks before loop 0 has told its loop of it.
        let server = VirtualServer(loops: 2, HubConfiguration(presenceBytesPerSecond: 100))
        server.connect(try mobile(1))
        server.connect(try mobile(2))
        let late = server.connect(try mobile(3), loop: 1)
        server.send(.getOnlineUsers, from: late)
        #expect(server.frames(late).isEmpty)
        server.pass(.seconds(600))
        let all = ServerFrame.onlineUsers(try (1...3).map(mobile), rev: nil)
        #expect(server.frames(late) == [all, all])
    }
}
