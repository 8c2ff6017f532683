internal import SCAClient
internal import SCACore

/// `listen` while it runs. The client stores first and reports then, so what is printed here is on disk already.
struct ListenRun {
    /// What to print, and when to end.
    struct Plan: Sendable {
        var events: Set<Listen.Event> = [.message]
        /// Empty for everybody's messages.
        var senders: Set<Mobile> = []
        var count: Int?
        var idle: Duration?
        var tail = 0
    }

    /// So many events that wait mean that the reader of stdout is slower than they come. The client stops reading from
    /// the server at 1,024.
    private static let backlog = 512

    private let visit: Visit
    private let invocation: Invocation
    private let plan: Plan
    private var watch: ConnectionWatch
    private var picture = PresencePicture()
    /// How many messages are still wanted.
    private var rest: Int?
    /// What `showTail` printed and the connection may bring again.
    private var tail: Set<MessageKey> = []
    private var isLagging = false
    private var status = ExitStatus.done

    init(_ visit: Visit, _ invocation: Invocation, _ plan: Plan) {
        self.visit = visit
        self.invocation = invocation
        self.plan = plan
        watch = ConnectionWatch(invocation)
        watch.isSilent = plan.events.contains(.status)
        rest = plan.count
    }

    /// Prints the end of the history. It is read after the connection stands: what arrives meanwhile is in it, or comes as
    /// an event, or both, and is printed once.
    mutating func showTail(_ rows: [HistoryRow]) async throws {
        tail = Set(rows.map(MessageKey.init))
        try await invocation.console.show(rows)
    }

    /// - Returns: 0 after `-n` messages; 124 if time ran out; 74 if a message could not be stored.
    /// - Throws: why the connection ended for good.
    mutating func run() async throws -> ExitStatus {
        let uptime = invocation.context.time.uptime
        var lastCame = uptime()
        while let events = await nextEvents(idleFor: plan.idle.map { $0 - (uptime() - lastCame) }) {
            let rows = try await show(events)
            if rows.contains(where: \.isNews) { lastCame = uptime() }
            if rest == 0 { return status }
            // A message that could not be stored follows the event that says so.
            if status != .done, !events.isEndingInStoreFailure { return status }
        }
        return visit.expiry.failure == nil ? status : status.combined(with: .timedOut)
    }

    private func nextEvents(idleFor rest: Duration?) async -> [ClientEvent]? {
        guard let rest else { return await visit.connection.nextEvents() }
        let (visit, sleep) = (visit, invocation.context.time.sleep)
        return await withTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                guard (try? await sleep(max(rest, .zero))) != nil else { return }
                visit.expiry.expire(.timedOut("nothing came for so long"))
                await visit.connection.close(grace: .zero)
            }
            return await visit.connection.nextEvents()
        }
    }

    /// - Returns: the rows that were printed.
    private mutating func show(_ events: [ClientEvent]) async throws -> [Row] {
        var rows: [Row] = lagging(events.count)
        var end: ClientError?
        for event in events where rest != 0 {
            let outcome = await watch.observe(event)
            status = status.combined(with: outcome)
            if case .ended(let error) = event { end = error }
            rows += self.rows(for: event)
        }
        try await invocation.console.show(rows)
        if let end { throw end }
        return rows
    }

    private mutating func rows(for event: ClientEvent) -> [Row] {
        let now = invocation.context.time.now()
        switch event {
        case .message(let message): return rows(for: HistoryRow(message))
        case .onlineUsers(let mobiles):
            let wasComplete = picture.isComplete
            let change = picture.take(list: mobiles)
            return wasComplete ? presenceRows(change, at: now) : []
        case .presence(let joined, let left): return presenceRows(picture.take(joined: joined, left: left), at: now)
        case .connected: return statusRows(.init(state: .connected, unixMilliseconds: now))
        case .reconnecting(let attempt, _):
            return statusRows(.init(state: .reconnecting, attempt: attempt, unixMilliseconds: now))
        case .reconnected(_, let gap): return statusRows(.init(state: .reconnected, gap: gap, unixMilliseconds: now))
        case .delivery, .disconnected, .storeFailed, .historyHealed, .badFrame, .ended: return []
        }
    }

    private mutating func rows(for message: HistoryRow) -> [Row] {
        guard plan.events.contains(.message), plan.senders.isEmpty || plan.senders.contains(message.from),
            tail.remove(MessageKey(message)) == nil
        else { return [] }
        rest = rest.map { $0 - 1 }
        return [.message(message)]
    }

    private func presenceRows(_ change: PresencePicture.Change, at time: Int64) -> [Row] {
        plan.events.contains(.presence) ? change.rows(at: time) : []
    }

    private func statusRows(_ row: StatusRow) -> [Row] {
        plan.events.contains(.status) ? [.status(row)] : []
    }

    private mutating func lagging(_ waiting: Int) -> [Row] {
        let wasLagging = isLagging
        isLagging = waiting >= (wasLagging ? Self.backlog / 2 : Self.backlog)
        guard isLagging, !wasLagging else { return [] }
        return statusRows(.init(state: .lagging, unixMilliseconds: invocation.context.time.now()))
    }
}

/// What makes two rows the same message.
struct MessageKey: Hashable, Sendable {
    var from: Mobile
    var id: MessageID

    init(_ row: HistoryRow) {
        from = row.from
        id = row.id
    }
}

extension HistoryRow {
    init(_ message: ChatMessage) {
        self.init(
            id: message.id,
            ts: message.unixMilliseconds,
            direction: message.direction,
            from: message.from,
            to: message.to,
            text: message.text
        )
    }
}

extension Row {
    /// Something came from somebody, and not only from the connection.
    fileprivate var isNews: Bool {
        if case .status = self { false } else { true }
    }
}

extension [ClientEvent] {
    fileprivate var isEndingInStoreFailure: Bool {
        if case .storeFailed = last { true } else { false }
    }
}
