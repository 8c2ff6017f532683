import Testing

@testable import SCAServerd

@Suite struct HeartbeatsTests {
    private func session(_ number: UInt64) -> SessionID { SessionID(loop: 0, number: number) }

    @Test func theCleanupLooksOnlyAtWhatIsDue() {
        var heartbeats = Heartbeats(timeout: 60, interval: 30, now: 0)
        for number in 0..<1_000 { heartbeats.add(session(UInt64(number)), lastActivity: Int64(number)) }
        var looked = 0
        let expired = heartbeats.sweep(now: 90) { _ in
            looked += 1
            return 0
        }
        #expect(looked == 31, "those that were last active from 0 to 30 and can have timed out by 90")
        #expect(expired.count == 31)
    }

    @Test func anActiveSessionMovesToItsNewDeadline() {
        var heartbeats = Heartbeats(timeout: 60, interval: 30, now: 0)
        heartbeats.add(session(1), lastActivity: 0)
        #expect(heartbeats.sweep(now: 60) { _ in 55 }.isEmpty)
        #expect(heartbeats.sweep(now: 90) { _ in 55 }.isEmpty)
        #expect(heartbeats.sweep(now: 120) { _ in 55 } == [session(1)])
    }

    @Test func aSessionThatIsGoneIsForgotten() {
        var heartbeats = Heartbeats(timeout: 60, interval: 30, now: 0)
        heartbeats.add(session(1), lastActivity: 0)
        #expect(heartbeats.sweep(now: 90) { _ in nil }.isEmpty)
        #expect(heartbeats.nextDeadline == nil)
    }

    @Test func aLongSleepMissesNothing() {
        var heartbeats = Heartbeats(timeout: 60, interval: 30, now: 0)
        for number in 0..<10 { heartbeats.add(session(UInt64(number)), lastActivity: Int64(number) * 100) }
        #expect(heartbeats.sweep(now: 1_000_000) { Int64($0.number) * 100 }.count == 10)
    }
}
