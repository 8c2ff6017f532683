import Testing

@testable import SCAServerd

@Suite struct ArrivalRateTests {
    private static let second: Int64 = 1_000_000_000

    @Test(arguments: [1, 3, 10, 1_000])
    func aBurstIsWhatTwoSecondsBringAndThenTheRate(perSecond: Int) {
        let rule = ArrivalRate.Rule(perSecond: perSecond)
        var rate = ArrivalRate()
        var admitted = 0
        // Ten seconds of far more than is allowed, in steps of a tenth of the interval.
        for step in 0..<(perSecond * 100) {
            let now = Int64(step) * (Self.second / Int64(perSecond * 10))
            guard rate.wait(rule, now: now) <= 0 else { continue }
            rate.take(rule, now: now)
            admitted += 1
        }
        #expect((12 * perSecond - 1...12 * perSecond + 1).contains(admitted), "\(admitted)")
    }

    @Test func aLongRestEarnsNoMoreThanABurst() {
        let rule = ArrivalRate.Rule(perSecond: 5)
        var rate = ArrivalRate()
        rate.take(rule, now: 0)
        #expect(!rate.isIdle(now: 0))
        let now = 1_000 * Self.second
        #expect(rate.isIdle(now: now))
        var admitted = 0
        while rate.wait(rule, now: now) <= 0 {
            rate.take(rule, now: now)
            admitted += 1
        }
        #expect(admitted == 10)
        #expect(rate.wait(rule, now: now) == Self.second / 5)
    }

    @Test func zeroIsNoLimit() {
        let rule = ArrivalRate.Rule(perSecond: 0)
        var rate = ArrivalRate()
        for _ in 0..<1_000 {
            #expect(rate.wait(rule, now: 0) <= 0)
            rate.take(rule, now: 0)
        }
        #expect(rate.isIdle(now: 0))
    }
}
