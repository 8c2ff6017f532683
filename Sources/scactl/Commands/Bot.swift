internal import ArgumentParser
internal import SCAClient
internal import SCACore

/// `scactl bot`: lets a program answer messages.
struct Bot: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "bot",
        _superCommandName: Scactl.name,
        abstract: "Let a program answer messages.",
        discussion: """
            The program is started once and stays: it reads rows on stdin and writes lines as pipe takes them on stdout; if it \
            ends it is started again. With --each it runs once a message: the row on stdin, SCACTL_ID, SCACTL_FROM, \
            SCACTL_TO, SCACTL_TS and SCACTL_TEXT in the environment; what it writes is sent as the reply if it ends with 0. \
            stdout has the messages and what became of the replies. No shell is involved: sh -c '…' is one. --timeout ends \
            it after so long, with 124.
            """
    )

    @Flag(help: "Run the program once for each message.")
    var each = false

    @Option(
        name: [.customShort("j", allowingJoined: true), .customLong("jobs")],
        help: ArgumentHelp(
            "With --each: so many at once, 1 to 64; one at a time for each sender. (default: 4)",
            valueName: "N"
        )
    )
    var jobs: String?

    @Option(
        help: ArgumentHelp(
            "With --each: end one that takes longer, and all it started. (default: 1m)",
            valueName: "duration"
        )
    )
    var handlerTimeout: String?

    @Option(
        help: ArgumentHelp("No more messages to one mobile in any minute; 0: no limit. (default: 30)", valueName: "N")
    )
    var maxRepliesPerMinute: String?

    @Option(
        help: ArgumentHelp(
            "Try again for so long: until the recipient is online, or the server is back.",
            valueName: "duration"
        )
    )
    var retryFor: String?

    @Argument(help: ArgumentHelp("The program and its words, after --.", valueName: "cmd"))
    var command: [String] = []

    @OptionGroup
    var shared: SharedOptions

    func run(_ invocation: Invocation) async throws -> ExitStatus {
        let plan = try plan(invocation)
        // From here on nothing that is said on stderr is waited for.
        let errors = ErrorOutlet(invocation.context.errors)
        var context = invocation.context
        context.errors = errors
        let console = try Console(shared, in: context)
        let status: ExitStatus
        do { status = try await answer(Invocation(shared, console: console, in: context), plan) } catch {
            let failure = CommandFailure(explaining: error)
            await console.report(failure)
            status = failure.status
        }
        await errors.end()
        return status
    }

    private func answer(_ invocation: Invocation, _ plan: BotRun.Plan) async throws -> ExitStatus {
        let configuration = try invocation.lastingConfiguration(presence: false)
        let store = try invocation.history()
        // Opened before anybody sees us online, so that what is wrong with it is said now and not at the first message.
        try await store.storeOwn([])
        return try await invocation.withConnection(
            configuration,
            store: store,
            timeout: invocation.timeout,
            retryFor: plan.retryFor
        ) { visit in
            await invocation.console.explain(
                "\(plan.command.name) answers for \(configuration.mobile); Ctrl-C ends it"
            )
            let exchange = try Exchange(
                visit,
                invocation,
                store: store,
                retryFor: plan.retryFor,
                limiter: ReplyLimiter(limit: plan.repliesPerMinute)
            )
            return try await BotRun(visit, invocation, exchange, plan).run()
        }
    }

    private func plan(_ invocation: Invocation) throws(CommandFailure) -> BotRun.Plan {
        if !each, jobs != nil || handlerTimeout != nil {
            throw .usage(
                "\(jobs == nil ? "--handler-timeout" : "-j") is for --each",
                hint: "scactl bot --each … -- CMD"
            )
        }
        var plan = BotRun.Plan(
            command: try ProgramCommand(
                command,
                environment: invocation.context.inherited,
                mobile: invocation.mobile(),
                server: invocation.endpoint.description,
                caFile: invocation.caFile
            )
        )
        plan.isEach = each
        if let jobs {
            plan.jobs = try Int(count: jobs, for: "-j")
            guard (1...64).contains(plan.jobs) else {
                throw .usage("-j takes 1 to 64; found \(jobs)", hint: "-j 4")
            }
        }
        if let handlerTimeout { plan.handlerTimeout = try Duration(argument: handlerTimeout, for: "--handler-timeout") }
        if let maxRepliesPerMinute {
            plan.repliesPerMinute = try Int(count: maxRepliesPerMinute, for: "--max-replies-per-minute")
        }
        plan.retryFor = try retryFor.map { (text) throws(CommandFailure) in
            try Duration(argument: text, for: "--retry-for")
        }
        return plan
    }
}
