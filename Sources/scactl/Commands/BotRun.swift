internal import SCAClient
internal import SCACore

/// `bot` while it runs: takes what arrives, prints it, and hands it to the program. None of these waits for the program or for
/// whoever reads stdout, so nothing they do can hold up the connection.
///
/// The program sees what arrives while the bot runs, and not what the bot's own mobile sent.
actor BotRun {
    struct Plan: Sendable {
        var command: ProgramCommand
        var isEach = false
        var jobs = 4
        var handlerTimeout = Duration.seconds(60)
        var repliesPerMinute = ReplyLimiter.usual
        var retryFor: Duration?
    }

    private let visit: Visit
    private let invocation: Invocation
    private let exchange: Exchange
    private let plan: Plan
    private let outlet: RowOutlet
    private let watch: ConnectionWatch
    private var failure: CommandFailure?
    private var status = ExitStatus.done

    init(_ visit: Visit, _ invocation: Invocation, _ exchange: Exchange, _ plan: Plan) {
        self.visit = visit
        self.invocation = invocation
        self.exchange = exchange
        self.plan = plan
        outlet = RowOutlet(invocation.console, invocation.context.time, isSilent: invocation.isQuiet)
        watch = ConnectionWatch(invocation)
    }

    /// - Returns: 74 if a message could not be stored, 124 if time ran out; otherwise it ends by a signal or with the connection.
    /// - Throws: why the connection ended for good, the program could not be started, or stdout could not be written.
    func run() async throws -> ExitStatus {
        let mobile = try invocation.mobile()
        let (stop, exchange, outlet, program) = (invocation.context.stop, exchange, outlet, program())
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            let stops = stop.requests()
            group.addTask {
                for await _ in stops {}
                if stop.isRequested { await program.stop() }
            }
            group.addTask { await self.write() }
            group.addTask { await program.run() }
            let end = await report(to: program, as: mobile)
            await exchange.end()
            await program.stop()
            outlet.end()
            if let end { throw end }
        }
        if let failure { throw failure }
        if let failure = await exchange.submitFailure { throw failure }
        return visit.expiry.failure == nil ? status : status.combined(with: .timedOut)
    }

    private func program() -> any BotProgram {
        let voice = BotVoice(console: invocation.console, name: plan.command.name, outlet: outlet)
        guard plan.isEach else {
            return CoprocessSupervisor(plan.command, exchange, voice, invocation.context.time) { await self.fail($0) }
        }
        let limits = HandlerSlot.Limits(timeout: plan.handlerTimeout, textBytes: visit.info.limits.textBytes)
        return HandlerCrew(plan.command, limits, slots: plan.jobs, exchange, voice)
    }

    /// - Returns: why the connection ended, if it was not closed by us.
    private func report(to program: any BotProgram, as mobile: Mobile) async -> ClientError? {
        var end: ClientError?
        while let events = await visit.connection.nextEvents() {
            var arrived: [HistoryRow] = []
            var deliveries: [Delivery] = []
            for event in events {
                let outcome = await watch.observe(event)
                status = status.combined(with: outcome)
                switch event {
                case .message(let message) where message.direction == .in: arrived.append(HistoryRow(message))
                case .delivery(let delivery): deliveries.append(delivery)
                case .ended(let error): end = error
                default: break
                }
            }
            await exchange.remember(arrived)
            outlet.add(arrived.map(Row.message))
            // What is not kept is printed and not answered: an answer would say that it has arrived.
            if status != .io { for message in arrived where message.from != mobile { await program.deliver(message) } }
            if !deliveries.isEmpty { await exchange.settle(deliveries) }
            if status == .io { await visit.connection.close(grace: .seconds(1)) }
        }
        return end
    }

    private func write() async {
        do throws(CommandFailure) { try await outlet.run() } catch { await fail(error) }
    }

    private func fail(_ failure: CommandFailure) async {
        self.failure = self.failure ?? failure
        await visit.connection.close(grace: .zero)
    }
}
