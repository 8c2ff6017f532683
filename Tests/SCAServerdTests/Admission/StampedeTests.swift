import SCAClient
import SCATesting
import Testing

@testable import SCAServerd

/// Everybody comes back at once after a restart: clients with their real policy, a server with its real admission, and time
/// that is a number.
@Suite struct StampedeTests {
    private struct Outcome {
        /// Seconds until the last one was in.
        var duration = 0.0
        var refusals = 0
        /// Of one client.
        var mostRefusals = 0
    }

    /// All lose their connections at 0.
    private func run(clients: Int, perSecond: Int, refusalsAtOnce: Int) -> Outcome {
        var generator = SeededGenerator.announced()
        var admission = Admission(
            Admission.Rules(connectRate: .init(perSecond: perSecond), refusalsAtOnce: refusalsAtOnce)
        )
        var outcome = Outcome()
        var attempts: [(time: Double, attempt: Int, refusals: Int)] = (0..<clients).map { _ in
            (ReconnectPolicy.standard.delay(attempt: 1, using: &generator) / .seconds(1), 1, 0)
        }
        while !attempts.isEmpty {
            attempts.sort { $0.time > $1.time }
            // All that are due within a hundredth of a second, so that sorting is not everything that is done.
            let due = attempts.last.map { $0.time + 0.01 } ?? 0
            while let next = attempts.last, next.time <= due {
                attempts.removeLast()
                let verdict = admission.arrive(nil, now: Int64(next.time * 1e9))
                let retryAfter: Duration?
                switch verdict {
                case .admit:
                    outcome.duration = max(outcome.duration, next.time)
                    continue
                case .refuse(let refusal):
                    retryAfter = .seconds(refusal.retryAfter)
                    // It is told at once.
                    admission.depart(nil, verdict)
                case .drop: retryAfter = nil
                }
                outcome.refusals += 1
                outcome.mostRefusals = max(outcome.mostRefusals, next.refusals + 1)
                let delay = ReconnectPolicy.standard.delay(
                    attempt: next.attempt + 1,
                    retryAfter: retryAfter,
                    using: &generator
                )
                attempts.append((next.time + delay / .seconds(1), next.attempt + 1, next.refusals + 1))
            }
        }
        return outcome
    }

    @Test func withoutALimitAllAreBackWithinTheFirstSpan() {
        let outcome = run(clients: 2_000, perSecond: 0, refusalsAtOnce: 16)
        #expect(outcome.duration <= 0.25)
        #expect(outcome.refusals == 0)
    }

    /// 2,000 at 100 a second take 18 s at best, as 200 may come at once.
    @Test(arguments: [0, 16])
    func withALimitAllAreBackSoonAndNobodyStarves(refusalsAtOnce: Int) {
        let outcome = run(clients: 2_000, perSecond: 100, refusalsAtOnce: refusalsAtOnce)
        #expect(outcome.duration >= 17.9, "the limit holds")
        #expect(outcome.duration <= 90, "\(outcome)")
        #expect(outcome.mostRefusals <= 25, "\(outcome)")
        #expect(outcome.refusals <= 2_000 * 8, "\(outcome)")
    }
}
