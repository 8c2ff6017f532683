/// Virtual time, in nanoseconds, and what is to happen when. What is due at one instant happens in the order it was
/// asked for, so that one seed is one history.
final class Agenda {
    private struct Entry {
        let time: Int64
        let number: Int
        let happen: () -> Void

        func isBefore(_ other: Entry) -> Bool { (time, number) < (other.time, other.number) }
    }

    /// A second.
    static let second: Int64 = 1_000_000_000

    private(set) var now: Int64 = 1_000 * second
    /// How much has happened.
    private(set) var steps = 0
    private var heap: [Entry] = []
    private var count = 0

    /// Lets something happen at that time, or now if that is over.
    func at(_ time: Int64, _ happen: @escaping () -> Void) {
        count += 1
        heap.append(Entry(time: max(time, now), number: count, happen: happen))
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Lets something happen after so many nanoseconds.
    func after(_ nanoseconds: Int64, _ happen: @escaping () -> Void) { at(now + nanoseconds, happen) }

    /// Goes on until that time, or until `isOver` says so after a step.
    func run(until end: Int64, isOver: () -> Bool) {
        while let first = heap.first, first.time <= end, !isOver() {
            now = first.time
            steps += 1
            removeFirst()
            first.happen()
        }
        now = max(now, end)
    }

    private func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].isBefore(heap[least])
            {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
