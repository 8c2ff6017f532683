internal import SCATesting
internal import Testing

@testable internal import SCAClient

struct DeadlineQueueTests {
    private let start = ContinuousClock.now

    @Test func deadlinesComeSoonestFirst() {
        var generator = SeededGenerator.announced()
        var queue = DeadlineQueue<Int>()
        let times = (0..<500).map { _ in Int.random(in: 0..<1_000, using: &generator) }
        for time in times { queue.add(time, at: start + .seconds(time)) { _, _ in true } }
        var came: [Int] = []
        while let due = queue.popDue(start + .seconds(600)) { came.append(due.subject) }
        #expect(came == times.filter { $0 <= 600 }.sorted())
        #expect(queue.first { _, _ in true } == times.filter { $0 > 600 }.min().map { start + .seconds($0) })
    }

    @Test func forgottenDeadlinesArePassedOver() {
        var queue = DeadlineQueue<Int>()
        for number in 0..<10 { queue.add(number, at: start + .seconds(number)) { _, _ in true } }
        #expect(queue.first { subject, _ in subject >= 7 } == start + .seconds(7))
        #expect(queue.count == 3)
    }

    @Test func memoryFollowsWhatIsCurrentAndNotWhatWasAdded() {
        var queue = DeadlineQueue<Int>()
        for number in 0..<100_000 {
            queue.add(number, at: start + .seconds(number)) { subject, _ in subject > number - 100 }
        }
        #expect(queue.count <= 1_124)
    }
}
