/// Events on their way to the one consumer, and when the socket must wait for it.
///
/// Deliveries are not counted: there are no more of them than messages were submitted, and if a caller that submits without
/// looking at events could stop the socket, no answer would ever come and no window would open again.
struct EventQueue {
    /// More than so many waiting events and messages stop the reading of the socket.
    static let high = 1_024
    /// Fewer let it go on.
    static let low = 512

    private var events: [ClientEvent] = []
    private var consumer: CheckedContinuation<Void, Never>?
    /// How many of the events were caused by the server.
    private(set) var weight = 0
    /// Whether `.ended` was put in: nothing comes after it.
    private(set) var isOver = false

    var isEmpty: Bool { events.isEmpty }

    mutating func append(_ event: ClientEvent) {
        guard !isOver else { return }
        if case .delivery = event {} else { weight += 1 }
        if case .ended = event { isOver = true }
        events.append(event)
    }

    mutating func takeAll() -> [ClientEvent] {
        weight = 0
        defer { events = [] }
        return events
    }

    /// Keeps a consumer that waits; one that waited already is let go with nothing.
    mutating func wait(_ continuation: CheckedContinuation<Void, Never>) {
        wake()
        consumer = continuation
    }

    /// Lets a waiting consumer go.
    mutating func wake() {
        consumer?.resume()
        consumer = nil
    }
}
