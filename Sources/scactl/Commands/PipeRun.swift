internal import SCAClient
internal import SCACore

/// `pipe` while it runs: one task reads lines, the other prints what happens. What a line asks for is the exchange's.
///
/// A reader of stdout that is slow makes everything wait, by back-pressure: events stay with the client, which then stops
/// reading from the server and goes on answering its heartbeat.
actor PipeRun: AnswerSink {
    private let visit: Visit
    private let invocation: Invocation
    private let exchange: Exchange
    private let isPrintingMessages: Bool
    private var watch: ConnectionWatch
    private var reporter: EventReporter
    private var outputFailure: CommandFailure?
    private var status = ExitStatus.done

    init(_ visit: Visit, _ invocation: Invocation, _ exchange: Exchange, _ events: Set<Listen.Event>) {
        self.visit = visit
        self.invocation = invocation
        self.exchange = exchange
        isPrintingMessages = events.contains(.message)
        watch = ConnectionWatch(invocation)
        watch.isSilent = events.contains(.status)
        reporter = EventReporter(events, invocation.context.time)
    }

    /// - Returns: the gravest of what became of lines and messages; 74 if a message could not be stored; 124 if time ran out.
    /// - Throws: why the connection ended for good, or stdout could not be written.
    func run() async throws -> ExitStatus {
        let (stop, input, exchange) = (invocation.context.stop, invocation.context.input, exchange)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            let stops = stop.requests()
            group.addTask {
                for await _ in stops {}
                if stop.isRequested { input.stop() }
            }
            group.addTask { await self.read() }
            let end = await report()
            input.stop()
            await exchange.end()
            if let end { throw end }
        }
        if let outputFailure { throw outputFailure }
        if let failure = await exchange.submitFailure { throw failure }
        status = status.combined(with: await exchange.status)
        return visit.expiry.failure == nil ? status : status.combined(with: .timedOut)
    }

    func answer(_ rows: [Row]) async { await show(rows) }

    private func read() async {
        let input = invocation.context.input
        var splitter = RecordSplitter(separator: UInt8(ascii: "\n"), limit: MessageRecord.longest)
        do throws(CommandFailure) {
            while let block = try await input.next() { await exchange.take(splitter.append(block), answering: self) }
        } catch {
            status = status.combined(with: error.status)
            await invocation.console.report(error)
        }
        // Half a line that was being written when somebody pressed Ctrl-C is not a line.
        if !invocation.context.stop.isRequested, outputFailure == nil, let last = splitter.finish() {
            await exchange.take([last], answering: self)
        }
        await exchange.endInput()
    }

    /// - Returns: why the connection ended, if it was not closed by us.
    private func report() async -> ClientError? {
        var end: ClientError?
        while let events = await visit.connection.nextEvents() {
            var rows = reporter.lagging(waiting: events.count)
            var arrived: [HistoryRow] = []
            var deliveries: [Delivery] = []
            for event in events {
                let outcome = await watch.observe(event)
                status = status.combined(with: outcome)
                switch event {
                case .message(let message) where message.direction == .in:
                    arrived.append(HistoryRow(message))
                    // One that could not be stored is printed all the same, or it would be lost.
                    if isPrintingMessages { rows.append(.message(HistoryRow(message))) }
                case .delivery(let delivery): deliveries.append(delivery)
                case .ended(let error): end = error
                default: rows += reporter.rows(for: event)
                }
            }
            await exchange.remember(arrived)
            await show(rows)
            if !deliveries.isEmpty { await exchange.settle(deliveries) }
            if status == .io { await visit.connection.close(grace: .seconds(1)) }
        }
        return end
    }

    /// Prints rows, until stdout cannot be written: then input stops, and what is on its way is still waited for.
    private func show(_ rows: [Row]) async {
        guard outputFailure == nil else { return }
        do throws(CommandFailure) { try await invocation.console.show(rows) } catch {
            outputFailure = error
            invocation.context.input.stop()
            await visit.connection.close(grace: .seconds(1))
        }
    }
}
