internal import Testing

@testable internal import SCAServerd

struct DeparturesTests {
    /// At which of these looks a crowd has gone.
    private func departures(_ counts: [Int]) -> [Int] {
        var departures = Departures()
        return counts.indices.filter { departures.hasCrowdGone(counts[$0]) }
    }

    @Test func aCrowdIsMissedWhenMoreThanHalfOfItHasGone() {
        #expect(departures([0, 3_000, 2_999, 1_501, 1_501, 1_500, 1_500, 1_400, 1_400]) == [6])
        #expect(departures([3_000, 1_500, 1_500, 400, 400, 400]) == [2, 4])
    }

    @Test func theLastOfACrowdAreWaitedFor() {
        #expect(departures([3_000, 1_400, 700, 20, 0, 0, 0]) == [5])
        #expect(departures([3_000, 1_400, 700, 20, 30, 0]) == [4], "nobody leaves any more")
    }

    @Test func itIsMissedOnceMoreWhenItsTimersAreOver() {
        #expect(departures([3_000, 0, 0] + Array(repeating: 0, count: 20)) == [2, 6])
        #expect(departures([3_000, 0, 0, 10, 3_000, 3_000, 3_000, 0, 0]) == [2, 6, 8])
    }

    @Test func theyAreNotWaitedForForever() {
        #expect(departures([3_000] + (1...10).map { 1_400 - $0 }) == [6, 10])
    }

    @Test func aFewThatComeAndGoAreNoCrowd() {
        #expect(departures([900, 0, 0, 999, 0, 0, 999, 0, 0, 1_000, 0, 0, 0]) == [11])
    }
}
