internal import SCACore

/// Which message is handled next: in order for each sender, side by side for different ones, at most so many at once.
///
/// Pure. A line of messages for each sender, and the senders whose turn it is in the order in which it became theirs, so one
/// who writes a lot waits behind the others. What comes while the lines are full is left out, the newest and not the oldest,
/// until half of them is free: then what is answered is a whole conversation and not its holes. All of it is in the history.
struct HandlerPool {
    enum Admission: Hashable, Sendable {
        case taken
        /// Left out; `isNews` for the first one since the lines had room.
        case dropped(isNews: Bool)
    }

    private let slots: Int
    private let capacity: Int
    private var lines: [Mobile: Line] = [:]
    /// Senders with a message and no running handler.
    private var ready: FirstInFirstOut<Mobile> = []
    private(set) var running = 0
    private(set) var waiting = 0
    private var dropped = 0

    private struct Line {
        var messages: FirstInFirstOut<HistoryRow> = []
        var isRunning = false
    }

    /// - Parameters:
    ///   - slots: how many handlers may run at once.
    ///   - capacity: how many messages may wait.
    init(slots: Int, capacity: Int) {
        self.slots = slots
        self.capacity = capacity
    }

    /// Puts a message in its sender's line.
    mutating func append(_ message: HistoryRow) -> Admission {
        guard waiting < capacity, dropped == 0 else {
            dropped += 1
            return .dropped(isNews: dropped == 1)
        }
        var line = lines.removeValue(forKey: message.from) ?? Line()
        if line.messages.isEmpty, !line.isRunning { ready.append(message.from) }
        line.messages.append(message)
        lines[message.from] = line
        waiting += 1
        return .taken
    }

    /// The next message to be handled; nil if none may be now. Each must be followed by `finish`.
    mutating func start() -> HistoryRow? {
        guard running < slots, let sender = ready.popFirst(), var line = lines.removeValue(forKey: sender),
            let message = line.messages.popFirst()
        else { return nil }
        line.isRunning = true
        lines[sender] = line
        running += 1
        waiting -= 1
        return message
    }

    /// The handler of this sender's message is over and its reply is on its way.
    mutating func finish(_ sender: Mobile) {
        guard var line = lines.removeValue(forKey: sender), line.isRunning else { return }
        running -= 1
        guard !line.messages.isEmpty else { return }
        line.isRunning = false
        lines[sender] = line
        ready.append(sender)
    }

    /// How many messages were left out, once there is room again; nil while there is nothing to tell.
    mutating func takeDropped() -> Int? {
        guard dropped > 0, waiting <= capacity / 2 else { return nil }
        defer { dropped = 0 }
        return dropped
    }
}

/// A line of things: what came first goes first. O(1) on average; an array alone would move everything for each that goes.
struct FirstInFirstOut<Element>: ExpressibleByArrayLiteral {
    private var elements: [Element?]
    private var start = 0

    init(arrayLiteral elements: Element...) {
        self.elements = elements
    }

    var count: Int { elements.count - start }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func popFirst() -> Element? {
        guard start < elements.count else { return nil }
        defer {
            elements[start] = nil
            start += 1
            if start > 32, start * 2 > elements.count {
                elements.removeFirst(start)
                start = 0
            }
        }
        return elements[start]
    }
}

extension FirstInFirstOut: Sendable where Element: Sendable {}
