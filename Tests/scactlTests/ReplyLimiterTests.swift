import SCACore
import SCATesting
import Testing

@testable import scactl

@Suite struct ReplyLimiterTests {
    @Test func soManyAMinuteAndOnlyTheFirstRefusalIsNews() {
        var limiter = ReplyLimiter(limit: 3)
        for _ in 0..<3 { #expect(limiter.take(for: World.peer, now: .seconds(1)) == .allowed) }
        #expect(limiter.take(for: World.peer, now: .seconds(2)) == .refused(isNews: true))
        #expect(limiter.take(for: World.peer, now: .seconds(60)) == .refused(isNews: false))
        #expect(limiter.take(for: World.other, now: .seconds(60)) == .allowed)
        #expect(limiter.take(for: World.peer, now: .seconds(61)) == .allowed)
    }

    @Test func aRefusalIsNewsAgainAfterAMinute() {
        var limiter = ReplyLimiter(limit: 1)
        #expect(limiter.take(for: World.peer, now: .seconds(0)) == .allowed)
        #expect(limiter.take(for: World.peer, now: .seconds(30)) == .refused(isNews: true))
        #expect(limiter.take(for: World.peer, now: .seconds(60)) == .allowed)
        #expect(limiter.take(for: World.peer, now: .seconds(89)) == .refused(isNews: false))
        #expect(limiter.take(for: World.peer, now: .seconds(90)) == .refused(isNews: true))
    }

    @Test func noMinuteHasMoreThanTheLimitHoweverTheyCome() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for limit in [1, 2, 7, 30] {
            var limiter = ReplyLimiter(limit: limit)
            var now = Duration.zero
            var allowed: [Duration] = []
            for _ in 0..<2000 {
                now += .milliseconds(Int.random(in: 0...3000, using: &random))
                if limiter.take(for: World.peer, now: now) == .allowed { allowed.append(now) }
            }
            for (index, time) in allowed.enumerated().dropFirst(limit) {
                #expect(time - allowed[index - limit] >= ReplyLimiter.minute, "seed \(seed), limit \(limit)")
            }
            #expect(allowed.count >= limit)
        }
    }

    @Test func zeroLetsEverythingThrough() {
        var limiter = ReplyLimiter.unlimited
        for _ in 0..<1000 { #expect(limiter.take(for: World.peer, now: .zero) == .allowed) }
    }

    @Test func whoWasSentNothingForAMinuteIsForgotten() {
        var limiter = ReplyLimiter(limit: 2)
        for number in 0..<100 {
            _ = limiter.take(for: Mobile(trusted: "90000000\(10 + number / 10)\(number % 10)"), now: .seconds(1))
        }
        #expect(limiter.remembered == 100)
        _ = limiter.take(for: World.peer, now: .seconds(62))
        #expect(limiter.remembered == 1)
    }
}
