internal import SCAClient
internal import SCACore

/// Rows for what happens beside messages: presence and the state of the connection, as `--events` asks for them.
struct EventReporter: Sendable {
    /// So many events that wait mean that the reader of stdout is slower than they come. The client stops reading from
    /// the server at 1,024.
    private static let backlog = 512

    private let wanted: Set<Listen.Event>
    private let time: TimeSource
    private var picture = PresencePicture()
    private var isLagging = false

    init(_ wanted: Set<Listen.Event>, _ time: TimeSource) {
        self.wanted = wanted
        self.time = time
    }

    /// The rows for anything but a message.
    mutating func rows(for event: ClientEvent) -> [Row] {
        switch event {
        case .onlineUsers(let mobiles):
            let wasComplete = picture.isComplete
            let change = picture.take(list: mobiles)
            return wasComplete ? rows(for: change) : []
        case .presence(let joined, let left): return rows(for: picture.take(joined: joined, left: left))
        case .connected: return rows(for: .init(state: .connected, unixMilliseconds: time.now()))
        case .reconnecting(let attempt, _):
            return rows(for: .init(state: .reconnecting, attempt: attempt, unixMilliseconds: time.now()))
        case .reconnected(_, let gap):
            return rows(for: .init(state: .reconnected, gap: gap, unixMilliseconds: time.now()))
        case .message, .delivery, .disconnected, .storeFailed, .historyHealed, .badFrame, .ended: return []
        }
    }

    /// The row that says that events pile up; once, until most of them are gone.
    ///
    /// - Parameter waiting: how many events were taken at once.
    mutating func lagging(waiting: Int) -> [Row] {
        let wasLagging = isLagging
        isLagging = waiting >= (wasLagging ? Self.backlog / 2 : Self.backlog)
        guard isLagging, !wasLagging else { return [] }
        return rows(for: StatusRow(state: .lagging, unixMilliseconds: time.now()))
    }

    private func rows(for change: PresencePicture.Change) -> [Row] {
        wanted.contains(.presence) ? change.rows(at: time.now()) : []
    }

    private func rows(for row: StatusRow) -> [Row] {
        wanted.contains(.status) ? [.status(row)] : []
    }
}

extension Set<Listen.Event> {
    /// What `--events` names: repeated, with commas, or both; messages if it is not there.
    ///
    /// - Throws: `CommandFailure` with status 64.
    init(arguments: [String]) throws(CommandFailure) {
        self = arguments.isEmpty ? [.message] : []
        for word in arguments.flatMap({ $0.split(separator: ",") }) {
            guard let event = Listen.Event(rawValue: String(word)) else {
                throw .usage(
                    "--events takes message, presence and status; found \"\(word)\"",
                    hint: "--events message,presence"
                )
            }
            insert(event)
        }
    }
}
