internal import ArgumentParser
internal import SCAClient
internal import SCACore

/// `scactl listen`: prints what arrives, until it is told to stop.
struct Listen: Subcommand {
    /// What can be printed.
    enum Event: String, CaseIterable, Sendable {
        case message, presence, status
    }

    static let configuration = CommandConfiguration(
        commandName: "listen",
        _superCommandName: Scactl.name,
        abstract: "Print what arrives.",
        discussion:
            "A message is stored before it is printed. A connection that is lost comes back by itself; the first one must "
            + "stand at once (health --wait waits for a server). --timeout ends it after so long, with 124, as --idle does; "
            + "-n with 0."
    )

    @Option(
        help: ArgumentHelp("Only messages from this mobile; repeat, or use commas.", valueName: "mobile"),
        completion: MobileCompletion.peers
    )
    var from: [String] = []

    @Option(
        name: [.customShort("n", allowingJoined: true), .customLong("count")],
        help: ArgumentHelp("End after N messages that arrived.", valueName: "N")
    )
    var count: String?

    @Option(help: ArgumentHelp("End when nothing came for so long.", valueName: "duration"))
    var idle: String?

    @Option(help: ArgumentHelp("First the last N messages that arrived, from the history.", valueName: "N"))
    var tail: String?

    @Option(
        help: ArgumentHelp("What to print: message, presence, status; with commas. (default: message)"),
        completion: .list(Event.allCases.map(\.rawValue))
    )
    var events: [String] = []

    @Flag(help: "Store nothing. Senders then hear \"routed\", not \"stored\".")
    var noStore = false

    @OptionGroup
    var shared: SharedOptions

    func run(_ invocation: Invocation) async throws -> ExitStatus {
        let plan = try plan()
        if plan.count == 0 { return .done }
        var configuration = try invocation.lastingConfiguration(presence: plan.events.contains(.presence))
        configuration.sendsReceipts = !noStore
        let file = try invocation.paths.history(of: configuration.mobile)
        let store = noStore ? nil : HistoryStore(path: file)
        // Opened before anybody sees us online, so that what is wrong with it is said now and not at the first message.
        try await store?.storeOwn([])
        return try await invocation.withConnection(
            configuration,
            store: store,
            timeout: invocation.timeout
        ) { visit in
            await invocation.console.explain("listening as \(configuration.mobile); Ctrl-C ends it")
            let run = ListenRun(visit, invocation, plan)
            guard plan.tail > 0 else { return try await run.run() }
            var filter = HistoryFilter()
            filter.senders = plan.senders
            filter.direction = .in
            return try await run.run(after: HistoryFeed(path: file, matching: filter), isStoring: !noStore)
        }
    }

    private func plan() throws(CommandFailure) -> ListenRun.Plan {
        var plan = ListenRun.Plan()
        plan.senders = Set(try Mobile.list(from))
        plan.count = try count.map { (text) throws(CommandFailure) in try Int(count: text, for: "-n") }
        plan.tail = try tail.map { (text) throws(CommandFailure) in try Int(count: text, for: "--tail") } ?? 0
        plan.idle = try idle.map { (text) throws(CommandFailure) in try Duration(argument: text, for: "--idle") }
        plan.events = try Set(arguments: events)
        if plan.count != nil, !plan.events.contains(.message) {
            throw .usage(
                "-n counts messages, and --events has none",
                hint: "--events message,\(events.joined(separator: ","))"
            )
        }
        return plan
    }
}
