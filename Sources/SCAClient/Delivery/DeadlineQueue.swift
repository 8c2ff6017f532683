// Deadlines, soonest first: a binary heap in one array. There is one for all messages, and one timer for it.
//
// Nothing is ever taken out of the middle. A message that is answered just forgets its deadline; what lies here for it is
// passed over when it comes to the top, and swept out when it is most of the heap. So a deadline costs O(1) amortised where
// all timeouts are equal (it is appended and stays last), O(log n) at worst.
//
// Rejected: a timer per message (an allocation and a scheduling each), and a plain queue (timeouts may differ).

/// Deadlines and what they are for, soonest first.
struct DeadlineQueue<Subject: Sendable>: Sendable {
    private struct Item: Sendable {
        let instant: ContinuousClock.Instant
        let subject: Subject
    }

    private var heap: [Item] = []
    private var sweepAt = 1_024

    /// How many deadlines are kept, the forgotten ones included.
    var count: Int { heap.count }

    /// Adds a deadline.
    ///
    /// - Parameter isCurrent: whether a subject still has the deadline that was added for it; asked while sweeping.
    mutating func add(
        _ subject: Subject,
        at instant: ContinuousClock.Instant,
        isCurrent: (Subject, ContinuousClock.Instant) -> Bool
    ) {
        if heap.count >= sweepAt {
            heap = heap.filter { isCurrent($0.subject, $0.instant) }
            heap.sort { $0.instant < $1.instant }
            sweepAt = max(1_024, heap.count * 2)
        }
        heap.append(Item(instant: instant, subject: subject))
        rise(from: heap.count - 1)
    }

    /// The soonest deadline that is still current; what lies before it is dropped.
    mutating func first(isCurrent: (Subject, ContinuousClock.Instant) -> Bool) -> ContinuousClock.Instant? {
        while let top = heap.first {
            if isCurrent(top.subject, top.instant) { return top.instant }
            removeTop()
        }
        return nil
    }

    /// Takes out the next deadline that has passed, current or not.
    mutating func popDue(_ now: ContinuousClock.Instant) -> (subject: Subject, instant: ContinuousClock.Instant)? {
        guard let top = heap.first, top.instant <= now else { return nil }
        removeTop()
        return (top.subject, top.instant)
    }

    private mutating func removeTop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var index = 0
        while true {
            var least = index
            for child in (2 * index + 1)..<(2 * index + 3) where child < heap.count {
                if heap[child].instant < heap[least].instant { least = child }
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }

    private mutating func rise(from start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index].instant < heap[parent].instant else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }
}
