internal import SCATesting
internal import Testing

@testable internal import SCAClient

struct ReconnectPolicyTests {
    @Test func delayStaysWithinASpanThatDoublesToTheMaximum() {
        var generator = SeededGenerator.announced()
        let policy = ReconnectPolicy.standard
        let spans: [Duration] = [
            .milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(8),
        ]
        for attempt in 1...40 {
            let span = attempt <= spans.count ? spans[attempt - 1] : .seconds(15)
            #expect(policy.span(attempt: attempt) == span)
            for _ in 0..<50 {
                let delay = policy.delay(attempt: attempt, using: &generator)
                #expect(delay >= .zero && delay <= span)
            }
        }
    }

    @Test func delayUsesTheWholeSpan() {
        var generator = SeededGenerator.announced()
        let delays = (0..<500).map { _ in ReconnectPolicy.standard.delay(attempt: 7, using: &generator) }
        #expect(delays.contains { $0 < .seconds(2) })
        #expect(delays.contains { $0 > .seconds(13) })
    }

    @Test func nobodyComesBackSoonerThanTheServerAskedAndNotAllAtOnce() {
        var generator = SeededGenerator.announced()
        let policy = ReconnectPolicy.standard
        let delays = (0..<500).map { _ in policy.delay(attempt: 1, retryAfter: .seconds(5), using: &generator) }
        #expect(delays.allSatisfy { $0 >= .seconds(5) && $0 <= .seconds(10) })
        #expect(delays.contains { $0 < .seconds(6) })
        #expect(delays.contains { $0 > .seconds(9) })
        // The back-off of the attempt goes on above what the server asks.
        let late = (0..<500).map { _ in policy.delay(attempt: 9, retryAfter: .seconds(1), using: &generator) }
        #expect(late.allSatisfy { $0 >= .seconds(1) && $0 <= .seconds(16) })
        #expect(late.contains { $0 > .seconds(12) })
    }

    @Test func noServerSendsAClientAwayForADay() {
        var generator = SeededGenerator.announced()
        for _ in 0..<50 {
            let delay = ReconnectPolicy.standard.delay(attempt: 1, retryAfter: .seconds(86_400), using: &generator)
            #expect(delay <= ReconnectPolicy.longestRetryAfter * 2)
        }
        let delay = ReconnectPolicy.standard.delay(attempt: 1, retryAfter: .seconds(-5), using: &generator)
        #expect(delay >= .zero)
    }

    @Test func oddNumbersAreTakenAsTheNearestThatMakeSense() {
        #expect(ReconnectPolicy.standard.span(attempt: -3) == .milliseconds(250))
        #expect(ReconnectPolicy.standard.span(attempt: .max) == .seconds(15))
        #expect(ReconnectPolicy(base: .seconds(-1), maximum: .seconds(1)).span(attempt: 9) == .zero)
        #expect(ReconnectPolicy(base: .seconds(9), maximum: .seconds(1)).span(attempt: 1) == .seconds(1))
        #expect(
            ReconnectPolicy(base: .seconds(Int64.max), maximum: .seconds(Int64.max)).span(attempt: 99) > .seconds(1)
        )
    }
}
