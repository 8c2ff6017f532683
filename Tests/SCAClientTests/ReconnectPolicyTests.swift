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
