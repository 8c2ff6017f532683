internal import SCAClient
internal import SCACore

/// `send` while it runs. Two tasks: one reads records and submits them, the other takes what became of them.
///
/// An actor, because both count what is on its way. Reading goes on while answers come in; it waits when the client's
/// window is full, and when too many answers have not been printed and stored yet, so memory stays bounded however long
/// stdin is and however slow the disk. When stdin is over and every answer is there, the connection is closed, which
/// ends the events and with them everything.
actor SendRun {
    struct Plan: Sendable {
        /// May be empty if each record names its own.
        var recipients: [Mobile]
        var wait = Confirmation.stored
        var timeout = Invocation.patience
        var retryFor: Duration?
    }

    enum Source: Sendable {
        case message(MessageRecord)
        case records(InputForm)
    }

    /// How many messages are made before they are submitted: as many as the client's window has.
    static let batch = 256
    /// How many messages may be without a printed and stored answer: enough for the client's windows and for
    /// one write to the disk. Those that wait for a retry are many more, and the client bounds them itself.
    private var limit: Int { plan.retryFor == nil ? 16 * Self.batch : .max }

    let visit: Visit
    let invocation: Invocation
    let plan: Plan
    let store: HistoryStore
    var references: [MessageID: String] = [:]
    private var outstanding = 0
    private var room: CheckedContinuation<Void, Never>?
    private var isOver = false
    private var isInputOver = false
    var progress = InputProgress()
    /// Whether the connection takes messages; once it does not, it never will again.
    var takesMore = true
    var isAnyoneOffline = false
    var hasHistoryFailed = false
    var outputFailure: CommandFailure?
    var submitFailure: ClientError?
    var status = ExitStatus.done

    var connection: any ChatConnection { visit.connection }
    var context: CommandContext { invocation.context }

    init(_ visit: Visit, _ invocation: Invocation, _ plan: Plan, store: HistoryStore) {
        self.visit = visit
        self.invocation = invocation
        self.plan = plan
        self.store = store
    }

    /// - Returns: the gravest of what became of the messages.
    /// - Throws: why the connection ended, or stdout could not be written.
    func run(_ source: Source) async throws -> ExitStatus {
        let (stop, input) = (context.stop, context.input)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            let stops = stop.requests()
            group.addTask {
                for await _ in stops {}
                if stop.isRequested { input.stop() }
            }
            group.addTask { await self.submit(source) }
            defer {
                input.stop()
                isOver = true
                makeRoom()
            }
            try await settle()
        }
        if let outputFailure { throw outputFailure }
        if isAnyoneOffline, plan.retryFor == nil {
            await invocation.console.explain("not delivered; --retry-for 10m would wait until they are online")
        }
        return status
    }

    func refuse(_ failure: CommandFailure) async {
        status = status.combined(with: failure.status)
        await invocation.console.report(failure)
    }

    /// Prints rows, until stdout cannot be written: then input stops, and what is on its way is still waited for.
    func show(_ rows: [Row]) async {
        guard !invocation.isQuiet, outputFailure == nil else { return }
        do throws(CommandFailure) { try await invocation.console.show(rows) } catch {
            outputFailure = error
            context.input.stop()
            await connection.close(grace: .seconds(1))
        }
    }

    /// Counts messages that are about to be submitted; waits until there is room for them.
    func expect(_ count: Int) async {
        if outstanding >= limit, !isOver { await withCheckedContinuation { room = $0 } }
        outstanding += count
    }

    /// Counts messages whose answer is printed and stored.
    func forget(_ count: Int) async {
        outstanding -= count
        if outstanding < limit { makeRoom() }
        await closeIfDone()
    }

    func endInput() async {
        isInputOver = true
        await closeIfDone()
    }

    /// Why the connection ended, and how far sending had come if that is not to the end.
    func failure(_ error: ClientError) -> CommandFailure {
        var failure = CommandFailure(explaining: error)
        if let end = progress.end(untaken: outstanding, isInputOver: isInputOver) {
            failure.message += "; \(end)"
            failure.hint += "; --retry-for 10m waits for a server that comes back"
        }
        return failure
    }

    private func makeRoom() {
        room?.resume()
        room = nil
    }

    private func closeIfDone() async {
        if isInputOver, outstanding == 0 { await connection.close(grace: .zero) }
    }
}
