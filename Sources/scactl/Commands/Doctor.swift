internal import ArgumentParser
internal import SCAClient
internal import SCACore

/// `scactl doctor`: looks at everything that chatting needs, and says what is wrong and what to do about it.
///
/// What it finds is a row each, printed as it is found. It changes nothing: it makes no file and no folder, and where it asks
/// the server it does so as `who` does, without being seen if the server allows that.
struct Doctor: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        _superCommandName: Scactl.name,
        abstract: "See what is wrong, and what to do about it.",
        discussion: """
            Looks at settings, login, token, history, terminal, server and clock. Changes nothing, and needs no login. Exits 1 \
            if something is wrong; what will do for now is a warning. With -q only what is not in order is printed. \
            --timeout is for each time the server is asked; 3s unless given.
            """
    )

    @OptionGroup
    var shared: SharedOptions

    /// How long a server that is dead is waited for.
    private static let patience = Duration.seconds(3)

    func run(_ invocation: Invocation) async throws -> ExitStatus { try await examine(invocation) }

    /// Settings and variables that cannot be used are something to be found; then the rest is looked at without them.
    func run(_ console: Console, in context: CommandContext) async throws -> ExitStatus {
        do { return try await examine(Invocation(shared, console: console, in: context)) } catch {
            let failure = CommandFailure(explaining: error)
            guard failure.status == .badConfiguration || failure.message.hasPrefix("SCACTL_") else { throw failure }
            let rest = UsableSettings(shared, in: context)
            let invocation = try Invocation(shared, console: console, in: rest.context, settings: rest.settings)
            return try await examine(invocation, failure, isServerKnown: rest.isServerKnown)
        }
    }

    /// - Parameters:
    ///   - failure: why settings or variables cannot be used.
    ///   - isServerKnown: whether they still say which server is meant; if not, none is asked.
    private func examine(
        _ invocation: Invocation,
        _ failure: CommandFailure? = nil,
        isServerKnown: Bool = true
    ) async throws -> ExitStatus {
        var wrong = 0
        func tell(_ rows: [CheckRow]) async throws {
            wrong += rows.count { $0.grade == .failed }
            let shown = invocation.isQuiet ? rows.filter { $0.grade != .ok } : rows
            try await invocation.console.show(shown.map(Row.check))
        }
        let local = LocalChecks(invocation)
        try await tell([local.version] + local.settings(failure) + [local.mobile(failure)])
        if isServerKnown { try await tell(local.token()) }
        try await tell(await HistoryCheck(invocation).rows())
        try await tell(local.terminal)
        let patience = invocation.timeout ?? Self.patience
        let server = isServerKnown ? await ServerChecks(invocation, patience: patience).rows() : [ServerChecks.unknown]
        try await tell(server)
        let summary = wrong == 0 ? "nothing is wrong" : "\(wrong) thing\(wrong == 1 ? " is" : "s are") wrong"
        await invocation.console.explain(summary)
        return wrong == 0 ? .done : .no
    }
}
