internal import ArgumentParser
internal import SCAClient
internal import SCACore

/// `scactl pipe`: the whole tool for a program in any language, as JSON lines on its stdin and stdout.
struct Pipe: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "pipe",
        _superCommandName: Scactl.name,
        abstract: "Send and receive as JSON lines, for programs.",
        discussion: """
            Each line of stdin is {"to":M or [M,…],"text":T,"ref":R}, {"reply":ID,"text":T,"ref":R} or {"op":"who","ref":R}. \
            stdout has what arrives and, with "ref", what becomes of each line: sent rows, user rows and a who row, or an \
            error row with the line's number. Always JSON, also on a terminal. When stdin ends it waits for the answers \
            that are due and ends, with a status as send has it. --timeout ends it after so long, with 124.
            """
    )

    @Option(
        help: ArgumentHelp("What to print: message, presence, status; with commas. (default: message)"),
        completion: .list(Listen.Event.allCases.map(\.rawValue))
    )
    var events: [String] = []

    @Option(
        help: ArgumentHelp(
            "Try again for so long: until the recipient is online, or the server is back.",
            valueName: "duration"
        )
    )
    var retryFor: String?

    @OptionGroup
    var shared: SharedOptions

    func run(_ invocation: Invocation) async throws -> ExitStatus {
        let events = try Set(arguments: events)
        if shared.output == "text" {
            throw CommandFailure.usage("pipe speaks JSON lines only", hint: "scactl pipe, without -o text")
        }
        let retryFor = try retryFor.map { (text) throws(CommandFailure) in
            try Duration(argument: text, for: "--retry-for")
        }
        let invocation = invocation.printingJSON()
        let configuration = try invocation.lastingConfiguration(presence: events.contains(.presence))
        let store = try invocation.history()
        // Opened before anybody sees us online, so that what is wrong with it is said now and not at the first message.
        try await store.storeOwn([])
        return try await invocation.withConnection(
            configuration,
            store: store,
            timeout: invocation.timeout,
            retryFor: retryFor
        ) { visit in
            let exchange = try Exchange(visit, invocation, store: store, retryFor: retryFor)
            return try await PipeRun(visit, invocation, exchange, events).run()
        }
    }
}
