internal import ArgumentParser
internal import SCAClient
internal import SCACore

/// `scactl health`: asks the server how it is. With `--wait` it asks again until all is well, for scripts that start one.
struct Health: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        _superCommandName: Scactl.name,
        abstract: "Ask the server how it is.",
        discussion: "Needs no login. Exits 1 if the server is not healthy, 69 if it cannot be reached, "
            + "124 if --wait ran out first. --timeout is for each time it is asked; 10s unless given. If no server is "
            + "named, and there was no login, it is this machine's, at SCAD_PORT or PORT if they are set, as scad has it."
    )

    @Option(help: ArgumentHelp("Ask until the server is healthy, for so long.", valueName: "duration"))
    var wait: String?

    @OptionGroup
    var shared: SharedOptions

    func run(_ invocation: Invocation) async throws -> ExitStatus {
        let invocation = try invocation.atOwnServer()
        let patience = try wait.map { (text) throws(CommandFailure) in try Duration(argument: text, for: "--wait") }
        let time = invocation.context.time
        let start = time.uptime()
        var pause = Duration.milliseconds(100)
        while true {
            let answer = await ask(invocation, within: patience.map { $0 - (time.uptime() - start) })
            let isLast = patience.map { $0 - (time.uptime() - start) <= pause } ?? true
            if case .success(let report) = answer, report.ok || isLast {
                try await show(report, invocation)
                return report.ok ? .done : patience == nil ? .no : .timedOut
            }
            if case .failure(let error) = answer, isLast || !error.isWorthWaiting {
                guard let patience, error.isWorthWaiting else {
                    throw CommandFailure(connecting: error, within: invocation.timeout)
                }
                throw CommandFailure.timedOut(
                    "not healthy within \(patience.shortText): \(error.message)",
                    hint: error.nextStep
                )
            }
            await invocation.console.detail("not healthy yet; asking again in \(pause.shortText)")
            try await time.sleep(pause)
            pause = min(pause * 2, .seconds(1))
        }
    }

    private func ask(_ invocation: Invocation, within rest: Duration?) async -> Result<HealthReport, ClientError> {
        let timeout = invocation.timeout ?? Invocation.patience
        let network = invocation.context.network
        await invocation.console.detail("asking \(invocation.endpoint)")
        do throws(ClientError) {
            let patience = max(.milliseconds(1), min(timeout, rest ?? timeout))
            let (endpoint, caFile) = (invocation.endpoint, invocation.caFile)
            return .success(try await network.health(of: endpoint, caFile: caFile, timeout: patience))
        } catch { return .failure(error) }
    }

    private func show(_ report: HealthReport, _ invocation: Invocation) async throws {
        if invocation.isQuiet { return }
        let row = HealthRow(
            isHealthy: report.ok,
            status: report.status,
            connections: report.connections,
            server: invocation.endpoint.description,
            elapsed: report.elapsed
        )
        try await invocation.console.show([.health(row)])
    }
}

extension ClientError {
    /// Whether a server that is just starting may give this: not what a wrong address or certificate gives.
    fileprivate var isWorthWaiting: Bool { isTemporary || code == .handshakeFailed || code == .invalidServer }
}
