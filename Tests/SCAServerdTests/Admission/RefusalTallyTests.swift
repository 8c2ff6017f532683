import Testing

@testable import SCAServerd

/// What the log hears of refusals.
@Suite struct RefusalTallyTests {
    private static let second: Int64 = 1_000_000_000

    @Test func theFirstIsToldAtOnceAndTheRestTogether() {
        var tally = RefusalTally()
        #expect(tally.add(.connections, now: 0) == .init(reason: .connections, count: 1))
        for step in 1...9 { #expect(tally.add(.connections, now: Int64(step) * Self.second) == nil) }
        #expect(tally.due(now: 9 * Self.second).isEmpty)
        #expect(tally.due(now: 10 * Self.second) == [.init(reason: .connections, count: 9)])
        #expect(tally.due(now: 30 * Self.second).isEmpty)
    }

    @Test func eachReasonHasItsOwnLine() {
        var tally = RefusalTally()
        #expect(tally.add(.memory, now: 0)?.count == 1)
        #expect(tally.add(.addressRate, now: 0)?.count == 1)
        for _ in 0..<1_000_000 { _ = tally.add(.addressRate, now: Self.second) }
        #expect(tally.due(now: 20 * Self.second) == [.init(reason: .addressRate, count: 1_000_000)])
    }

    @Test func theEndTellsWhatWasNotTold() {
        var tally = RefusalTally()
        _ = tally.add(.sessions, now: 0)
        _ = tally.add(.sessions, now: 1)
        #expect(tally.due(now: .max) == [.init(reason: .sessions, count: 1)])
    }
}
