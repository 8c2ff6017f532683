internal import ArgumentParser
internal import SCAClient
internal import SCACore

/// `scactl send`: sends to every `--to`, from the command line or from stdin, and tells what became of each message.
struct Send: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        _superCommandName: Scactl.name,
        abstract: "Send messages.",
        discussion: """
            Without TEXT the message is read from stdin. With -l, -0 and -j each record is sent as soon as it is read, empty \
            ones are skipped, and a bad one is reported while the others are still sent (65). One row a recipient tells what \
            became of it: stored, routed (to a client that cannot confirm), offline, busy, rejected, timeout. Exits 0 if all \
            are stored or routed, 1 if any is not, 124 if an answer did not come within --timeout, which each message has \
            for itself: 10s unless given.
            """
    )

    @Argument(help: "The message; several words are joined by one blank.")
    var text: [String] = []

    @Option(
        help: ArgumentHelp("To whom; repeat, or use commas.", valueName: "mobile"),
        completion: MobileCompletion.peers
    )
    var to: [String] = []

    @Flag(name: .shortAndLong, help: "Each line of stdin is a message; a CR at its end is not sent.")
    var lines = false

    @Flag(name: [.customShort("0"), .customLong("null")], help: "Each text up to a NUL on stdin is a message.")
    var nul = false

    @Flag(
        name: [.customShort("j"), .customLong("jsonl")],
        help: #"Each line is {"to":M or [M,…],"text":T,"ref":R}; without "to" it goes to --to."#
    )
    var jsonLines = false

    @Option(
        help: ArgumentHelp(
            "What to wait for: stored, routed or none, which prints no row. (default: stored, or routed if the recipient cannot confirm)",
            valueName: "what"
        ),
        completion: .list(["stored", "routed", "none"])
    )
    var wait: String?

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
        let plan = try plan(invocation)
        var configuration = try invocation.configuration(isVisible: false)
        if plan.retryFor != nil { configuration.reconnect = .standard }
        let store = try invocation.history()
        let source = try await source(invocation)
        // Opens the history before anything is sent: what cannot be noted shall not be sent. And a copy of one of these messages,
        // which a `listen` of this mobile may store before us, is recognised only behind where the file ended then.
        try await store.storeOwn([])
        return try await invocation.withConnection(
            configuration,
            store: store,
            timeout: nil,
            retryFor: plan.retryFor
        ) { visit in
            try await SendRun(visit, invocation, plan, store: store).run(source)
        }
    }

    /// A single message is known before the server is bothered; records are read while it answers.
    private func source(_ invocation: Invocation) async throws -> SendRun.Source {
        if !text.isEmpty {
            let text = text.joined(separator: " ")
            guard !text.isEmpty else {
                throw CommandFailure.badInput(
                    "nothing to send: the text is empty",
                    hint: "scactl send --to MOBILE TEXT"
                )
            }
            return .message(MessageRecord(text: text))
        }
        let terminals = invocation.context.terminals
        if terminals.input, terminals.errors {
            await invocation.console.remark("reading from the terminal; Ctrl-D ends it")
        }
        let form = form
        guard form == .whole else { return .records(form) }
        var bytes: [UInt8] = []
        while let block = try await invocation.context.input.next() {
            bytes += block
            guard bytes.count <= MessageRecord.longest else {
                throw CommandFailure.badInput(
                    "stdin is over \(MessageRecord.longest) bytes, too long for a message",
                    hint: "-l, if each line is a message"
                )
            }
        }
        return .message(try MessageRecord.parseWhole(bytes))
    }

    private var form: InputForm {
        if jsonLines { return .jsonLines }
        if nul { return .nul }
        return lines ? .lines : .whole
    }

    private func plan(_ invocation: Invocation) throws(CommandFailure) -> SendRun.Plan {
        if [lines, nul, jsonLines].count(where: \.self) > 1 {
            throw .usage("only one of -l, -0 and -j is possible", hint: "scactl send --help")
        }
        if form != .whole, !text.isEmpty {
            throw .usage(
                "a TEXT and -l, -0 or -j together: which one is to be sent?",
                hint: "scactl send --to MOBILE TEXT"
            )
        }
        let recipients = try Mobile.list(to)
        if recipients.isEmpty, form != .jsonLines {
            let first = text.first.flatMap { Mobile($0) }
            throw .usage("to whom?", hint: "scactl send --to \(first?.description ?? "MOBILE") TEXT")
        }
        var plan = SendRun.Plan(recipients: recipients)
        if let wait {
            guard let confirmation = Confirmation(rawValue: wait) else {
                throw .usage("--wait takes stored, routed or none; found \"\(wait)\"", hint: "--wait stored")
            }
            plan.wait = confirmation
        }
        plan.timeout = invocation.timeout ?? Invocation.patience
        plan.retryFor = try retryFor.map { (text) throws(CommandFailure) in
            try Duration(argument: text, for: "--retry-for")
        }
        return plan
    }
}
