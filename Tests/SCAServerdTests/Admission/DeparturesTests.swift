internal import Testing

@testable internal import SCAServerd

struct DeparturesTests {
    @Test func aCrowdIsMissedOnceWhenMoreThanHalfOfItHasGone() {
        var departures = Departures()
        let counts = [0, 3_000, 2_999, 1_501, 1_500, 1_400, 800, 400, 0, 0]
        let gone = counts.map { departures.hasCrowdGone($0) }
        #expect(gone == [false, false, false, false, true, false, false, true, false, false])
    }

    @Test func aFewThatComeAndGoAreNoCrowd() {
        var departures = Departures()
        let gone = [900, 0, 999, 0, 999, 0, 1_000, 0, 0].map { departures.hasCrowdGone($0) }
        #expect(gone == [false, false, false, false, false, false, false, true, false])
    }
}
