internal import SCAClient
internal import SCACore

/// `listen` while it runs. The client stores first and reports then, so what is printed here is on disk already.
///
/// With `--tail` messages are printed from the history, which is followed from the end of the tail on, and not as the
/// connection brings them: what was sent to another `listen` of this mobile before this one was connected comes only by the
/// history, at the moment that one has stored it. So nothing is missing, nothing comes twice, and the order is that of the
/// history. An actor, because the connection goes on beside it.
actor ListenRun {
    /// What to print, and when to end.
    struct Plan: Sendable {
        var events: Set<Listen.Event> = [.message]
        /// Empty for everybody's messages.
        var senders: Set<Mobile> = []
        var count: Int?
        var idle: Duration?
        var tail = 0
    }

    private let visit: Visit
    private let invocation: Invocation
    private let plan: Plan
    private var watch: ConnectionWatch
    private var reporter: EventReporter
    /// How many messages are still wanted.
    private var rest: Int?
    /// Messages come from the history.
    private var isFollowing = false
    /// What was printed and may come again: the tail, if the history is not followed; if it is, what could not be stored.
    private var printed: Set<MessageKey> = []
    private var followFailure: (any Error)?
    private var status = ExitStatus.done
    private var lastCame: Duration

    init(_ visit: Visit, _ invocation: Invocation, _ plan: Plan) {
        self.visit = visit
        self.invocation = invocation
        self.plan = plan
        watch = ConnectionWatch(invocation)
        watch.isSilent = plan.events.contains(.status)
        reporter = EventReporter(plan.events, invocation.context.time)
        rest = plan.count
        lastCame = invocation.context.time.uptime()
    }

    /// Prints the end of the history, then what arrives.
    ///
    /// - Parameter isStoring: whether what arrives gets into the history; if not, it is printed as the connection brings it.
    /// - Returns: as `run()`.
    func run(after feed: HistoryFeed, isStoring: Bool) async throws -> ExitStatus {
        let rows = try await feed.last(plan.tail)
        try await invocation.console.show(rows.map(Row.message))
        guard isStoring else {
            printed = Set(rows.map(MessageKey.init))
            return try await run()
        }
        isFollowing = true
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.follow(feed) }
            defer { feed.stop() }
            let status = try await run()
            if let followFailure { throw followFailure }
            return status
        }
    }

    /// Prints what is stored behind the tail, until the feed is stopped and has given out all. What goes wrong ends the connection, and with it `run`.
    private func follow(_ feed: HistoryFeed) async {
        do {
            while let rows = try await feed.next() { try await show(stored: rows) }
        } catch {
            followFailure = error
            await visit.connection.close(grace: .zero)
        }
    }

    /// - Returns: 0 after `-n` messages; 124 if time ran out; 74 if a message could not be stored.
    /// - Throws: why the connection ended for good.
    func run() async throws -> ExitStatus {
        while let events = await nextEvents() {
            let rows = try await show(events)
            if rows.contains(where: \.isNews) { lastCame = invocation.context.time.uptime() }
            if rest == 0 { return status }
            // What could not be stored is printed, with all that has arrived behind it, and no more is to come.
            if status != .done { await visit.connection.close(grace: .seconds(1)) }
        }
        return visit.expiry.failure == nil ? status : status.combined(with: .timedOut)
    }

    /// What some process has stored behind the tail.
    private func show(stored rows: [HistoryRow]) async throws {
        let news = rows.flatMap { self.rows(for: $0) }
        guard !news.isEmpty else { return }
        lastCame = invocation.context.time.uptime()
        try await invocation.console.show(news)
        if rest == 0 { await visit.connection.close(grace: .zero) }
    }

    private func nextEvents() async -> [ClientEvent]? {
        guard let idle = plan.idle else { return await visit.connection.nextEvents() }
        let (visit, sleep) = (visit, invocation.context.time.sleep)
        return await withTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                var last: Duration?
                // What the history brings meanwhile puts the end off.
                while await last != self.lastCame {
                    last = await self.lastCame
                    guard (try? await sleep(max(self.idleRest(of: idle), .zero))) != nil else { return }
                }
                visit.expiry.expire(.timedOut("nothing came for \(idle.shortText)", hint: "a longer --idle, or none"))
                await visit.connection.close(grace: .zero)
            }
            return await visit.connection.nextEvents()
        }
    }

    private func idleRest(of idle: Duration) -> Duration {
        idle - (invocation.context.time.uptime() - lastCame)
    }

    /// - Returns: the rows that were printed.
    private func show(_ events: [ClientEvent]) async throws -> [Row] {
        var rows = reporter.lagging(waiting: events.count)
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

    private func rows(for event: ClientEvent) -> [Row] {
        // One that could not be stored is printed all the same, or it would be lost.
        guard case .message(let message) = event else { return reporter.rows(for: event) }
        return isFollowing && status == .done ? [] : rows(for: HistoryRow(message))
    }

    private func rows(for message: HistoryRow) -> [Row] {
        guard message.direction == .in, rest != 0, plan.events.contains(.message),
            plan.senders.isEmpty || plan.senders.contains(message.from), isNew(MessageKey(message))
        else { return [] }
        rest = rest.map { $0 - 1 }
        return [.message(message)]
    }

    private func isNew(_ key: MessageKey) -> Bool {
        guard isFollowing else { return printed.remove(key) == nil }
        return status == .done || printed.insert(key).inserted
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

extension Row {
    /// Something came from somebody, and not only from the connection.
    fileprivate var isNews: Bool {
        if case .status = self { false } else { true }
    }
}
