internal import SCACore
internal import Testing

@testable internal import SCAClient

/// The life of a client, from each state, in virtual time.
struct ClientStateMachineTests {
    private var time = VirtualTime()
    private static let policy = ReconnectPolicy.standard
    private static let refused = ClientError(.unreachable, "refused")
    private static let lost = ClientError(.connectionLost, "lost")
    private static let unwelcome = ClientError(.unauthorized, "no")

    private func machine(reconnect: ReconnectPolicy? = policy) -> ClientStateMachine {
        ClientStateMachine(configuration: Words.configuration { $0.reconnect = reconnect }, seed: 1)
    }

    /// A machine whose connection stands in the base dialect.
    private func opened(reconnect: ReconnectPolicy? = policy) -> ClientStateMachine {
        var machine = machine(reconnect: reconnect)
        _ = machine.connect(now: time.now)
        _ = machine.upgraded(.base, now: time.now)
        return machine
    }

    @Test func connectDialsOnce() {
        var machine = machine()
        #expect(machine.connect(now: time.now) == [.dial])
        #expect(machine.connect(now: time.now) == [])
    }

    @Test func baseServerIsConnectedWithTheUpgrade() {
        var machine = machine()
        _ = machine.connect(now: time.now)
        #expect(machine.upgraded(.base, now: time.now) == [.connected(Words.base)])
        #expect(machine.info == Words.base)
    }

    @Test func v2ServerIsConnectedWithItsHello() {
        var machine = machine()
        _ = machine.connect(now: time.now)
        #expect(machine.upgraded(.v2, now: time.now) == [])
        #expect(machine.info == nil)
        #expect(machine.greeted(Words.hello, now: time.now) == [.connected(Words.v2)])
        #expect(machine.greeted(Words.hello, now: time.now) == [])
    }

    @Test func v2ServerThatDoesNotGreetIsNoServer() {
        var machine = machine()
        _ = machine.connect(now: time.now)
        _ = machine.upgraded(.v2, now: time.now)
        let actions = machine.receivedOther(now: time.now)
        #expect(actions.first == .drop)
        guard case .ended(let error) = actions.last else { return #expect(Bool(false), "\(actions)") }
        #expect(error?.code == .invalidServer)
    }

    @Test func firstConnectionIsNotTriedAgain() {
        var machine = machine()
        _ = machine.connect(now: time.now)
        #expect(machine.lost(Self.refused, now: time.now) == [.ended(Self.refused)])
        #expect(machine.nextDeadline == nil)
    }

    @Test(arguments: [Dialect?.none, .v2])
    mutating func connectionThatDoesNotStandInTimeEnds(upgradedTo dialect: Dialect?) {
        var machine = machine()
        _ = machine.connect(now: time.now)
        if let dialect { _ = machine.upgraded(dialect, now: time.now) }
        time.pass(.milliseconds(9_999))
        #expect(machine.tick(now: time.now) == [])
        time.pass(.milliseconds(1))
        let actions = machine.tick(now: time.now)
        #expect(actions.first == .drop)
        guard case .ended(let error) = actions.last else { return #expect(Bool(false), "\(actions)") }
        #expect(error?.code == .timeout)
        #expect(error?.message.contains("within 10s") == true)
    }

    @Test mutating func lostConnectionIsMadeAgainAfterADelay() {
        var machine = opened()
        time.pass(.seconds(60))
        machine.received(now: time.now)
        let lostAt = time.now
        let actions = machine.lost(Self.lost, now: time.now)
        guard case .reconnecting(attempt: 1, let delay) = actions.last else {
            return #expect(Bool(false), "\(actions)")
        }
        #expect(actions.first == .disconnected(Self.lost))
        #expect(delay <= .milliseconds(250))
        #expect(machine.nextDeadline == lostAt.instant + delay)
        time.pass(delay)
        #expect(machine.tick(now: time.now) == [.dial])
        time.pass(.seconds(1))
        #expect(machine.upgraded(.base, now: time.now) == [.reconnected(Words.base, gap: delay + .seconds(1))])
    }

    @Test mutating func attemptsGoOnWhileTheyFailForATime() {
        var machine = opened()
        time.pass(.seconds(60))
        _ = machine.lost(Self.lost, now: time.now)
        for attempt in 2...9 {
            while let due = machine.nextDeadline, machine.info == nil {
                time.pass(due - time.now.instant)
                if machine.tick(now: time.now) == [.dial] { break }
            }
            let actions = machine.lost(Self.refused, now: time.now)
            guard case .reconnecting(attempt, let delay) = actions.first else {
                return #expect(Bool(false), "\(actions)")
            }
            #expect(delay <= Self.policy.span(attempt: attempt))
            #expect(actions.count == 1, "the loss is reported once")
        }
    }

    @Test mutating func serverThatAsksForTimeIsLeftAloneForThatLong() {
        var machine = opened()
        _ = machine.lost(Self.lost, now: time.now)
        time.pass(.seconds(1))
        #expect(machine.tick(now: time.now) == [.dial])
        let full = ClientError(.rateLimited, "full", retryAfter: .seconds(20))
        guard case .reconnecting(attempt: 2, let delay) = machine.lost(full, now: time.now).first else {
            return #expect(Bool(false), "it goes on trying")
        }
        #expect(delay >= .seconds(20) && delay <= .seconds(40))
        time.pass(.milliseconds(19_999))
        #expect(machine.tick(now: time.now) == [])
        time.pass(delay - .milliseconds(19_999))
        #expect(machine.tick(now: time.now) == [.dial])
    }

    @Test mutating func attemptsEndWithAnErrorThatLasts() {
        var machine = opened()
        _ = machine.lost(Self.lost, now: time.now)
        time.pass(.seconds(1))
        _ = machine.tick(now: time.now)
        #expect(machine.lost(Self.unwelcome, now: time.now) == [.ended(Self.unwelcome)])
    }

    @Test mutating func serverThatGreetsAndHangsUpIsNotHammered() {
        var machine = opened()
        for attempt in 1...5 {
            let actions = machine.lost(Self.lost, now: time.now)
            guard case .reconnecting(attempt, _) = actions.last else { return #expect(Bool(false), "\(actions)") }
            time.pass((machine.nextDeadline ?? time.now.instant) - time.now.instant)
            #expect(machine.tick(now: time.now) == [.dial])
            _ = machine.upgraded(.base, now: time.now)
        }
        time.pass(.seconds(15))
        guard case .reconnecting(attempt: 1, _) = machine.lost(Self.lost, now: time.now).last else {
            return #expect(Bool(false), "a connection that stood for long starts afresh")
        }
    }

    @Test func lossWithoutAPolicyIsTheEnd() {
        var machine = opened(reconnect: nil)
        #expect(machine.lost(Self.lost, now: time.now) == [.ended(Self.lost)])
    }

    @Test func lossForGoodIsTheEnd() {
        var machine = opened()
        #expect(machine.lost(Self.unwelcome, now: time.now) == [.ended(Self.unwelcome)])
    }

    @Test mutating func silenceFromHereIsBrokenByAPing() {
        var machine = opened()
        time.pass(.seconds(12))
        machine.sent(now: time.now)
        machine.received(now: time.now)
        time.pass(.milliseconds(19_999))
        #expect(machine.tick(now: time.now) == [])
        time.pass(.milliseconds(1))
        #expect(machine.tick(now: time.now) == [.ping])
        machine.sent(now: time.now)
        machine.received(now: time.now)
        #expect(machine.tick(now: time.now) == [])
        #expect(machine.nextDeadline == time.now.instant + .seconds(20))
    }

    @Test mutating func silentServerIsPingedWhileWeTalk() {
        var machine = opened()
        for _ in 0..<19 {
            time.pass(.seconds(1))
            machine.sent(now: time.now)
            #expect(machine.tick(now: time.now) == [])
        }
        time.pass(.seconds(1))
        #expect(machine.tick(now: time.now) == [.ping])
    }

    @Test mutating func serverThatSaysNothingIsLost() {
        var machine = opened()
        time.pass(.seconds(20))
        #expect(machine.tick(now: time.now) == [.ping])
        machine.sent(now: time.now)
        time.pass(.seconds(10))
        let actions = machine.tick(now: time.now)
        guard actions.count == 3, actions[0] == .drop, case .disconnected(let error) = actions[1] else {
            return #expect(Bool(false), "\(actions)")
        }
        #expect(error.code == .connectionLost)
        #expect(error.message.contains("30s"))
    }

    @Test mutating func silenceIsNotCountedWhileNobodyReads() {
        var machine = opened()
        machine.reading(false, now: time.now)
        for _ in 0..<10 {
            time.pass(.seconds(20))
            #expect(machine.tick(now: time.now) == [.ping])
            machine.sent(now: time.now)
        }
        machine.reading(true, now: time.now)
        time.pass(.seconds(29))
        #expect(machine.tick(now: time.now) == [.ping])
        time.pass(.seconds(1))
        #expect(machine.tick(now: time.now).first == .drop)
    }

    @Test mutating func shorterHeartbeatOfTheServerCounts() {
        var machine = machine()
        var hello = Words.hello
        hello.heartbeatSeconds = 6
        _ = machine.connect(now: time.now)
        _ = machine.upgraded(.v2, now: time.now)
        _ = machine.greeted(hello, now: time.now)
        time.pass(.seconds(2))
        #expect(machine.tick(now: time.now) == [.ping])
    }

    @Test(arguments: [Int.max, Int.min, -1, 5_000_000_000_000_000_000], ["", #","frame_bytes":"#])
    mutating func numbersOfAHelloThatMakeNoSenseAreCutToSome(_ number: Int, _ frameKey: String) throws {
        let frameLimit = frameKey.isEmpty ? "" : "\(frameKey)\(number)"
        let hello = """
            {"type":"hello","server":"x","mobile":"\(Words.alice)","limits":{"text_bytes":\(number)\(frameLimit)},\
            "heartbeat_s":\(number)}
            """
        guard case .hello(let hello) = try FrameDecoder().serverFrame(Array(hello.utf8).span) else {
            return #expect(Bool(false), "\(hello)")
        }
        var machine = machine()
        _ = machine.connect(now: time.now)
        _ = machine.upgraded(.v2, now: time.now)
        _ = machine.greeted(hello, now: time.now)
        let limits = try #require(machine.info?.limits)
        #expect(limits.textBytes == (number > 0 ? 1 << 24 : 0))
        #expect(limits.frameBytes >= 1_024 && limits.frameBytes <= 1 << 26)
        time.pass(.seconds(20))
        #expect(machine.tick(now: time.now) == [.ping])
    }

    @Test mutating func closeSaysGoodbyeAndDoesNotWaitForEver() {
        var machine = opened()
        #expect(machine.close(patience: .seconds(1), now: time.now) == [.close(.normal)])
        #expect(machine.isEnding)
        #expect(machine.close(patience: .seconds(1), now: time.now) == [])
        var other = machine
        #expect(other.lost(Self.lost, now: time.now) == [.ended(nil)])
        time.pass(.seconds(1))
        #expect(machine.tick(now: time.now) == [.drop, .ended(nil)])
        #expect(machine.lost(Self.lost, now: time.now) == [])
    }

    @Test mutating func closeEndsWhateverIsUnderWay() {
        var idle = machine()
        #expect(idle.close(patience: .zero, now: time.now) == [.ended(nil)])
        var dialing = machine()
        _ = dialing.connect(now: time.now)
        #expect(dialing.close(patience: .zero, now: time.now) == [.drop, .ended(nil)])
        #expect(dialing.upgraded(.base, now: time.now) == [.drop])
        var waiting = opened()
        _ = waiting.lost(Self.lost, now: time.now)
        #expect(waiting.close(patience: .zero, now: time.now) == [.ended(nil)])
        time.pass(.seconds(100))
        #expect(waiting.tick(now: time.now) == [])
    }
}
