internal import ArgumentParser
internal import Glibc
internal import Logging
internal import SCACommandLine
internal import SCACore
internal import SCAServerd
internal import ServiceLifecycle
internal import UnixSignals

/// The daemon: its options become a `ServerConfiguration`, and a `ChatServer` runs until TERM or INT has drained it.
///
/// Each option can also come from the environment, as `SCAD_` and its name in capitals (`SCAD_PING_TIMEOUT`), the port also from `PORT`
/// as hosting platforms give it. The option wins.
///
/// `run` is synchronous on purpose: an `async` main has threads and event sources before the first line of ours, and those trap
/// where they get no file descriptor. So descriptors are looked for first, and then everything is started.
@main
struct Scad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scad",
        abstract: "The SCA chat server: presence and messages over WebSocket, nothing kept.",
        discussion: """
            Clients connect to ws://HOST:PORT/ws/MOBILE, or wss:// with a certificate; GET /health tells how it is. TERM \
            or INT drains: /health says so, nobody new is let in, everyone is told to come back, and it ends with 0; a \
            second one ends it at once. HUP reads the certificate and key files again.

            A duration is 250ms, 10s, 5m or 2h; a bare number is seconds. A size is bytes, or 64K, 1M. Each option may \
            also be given in the environment: SCAD_PING_TIMEOUT=30s for --ping-timeout, and PORT for --port.
            """,
        version: "scad \(ServerVersion.current)",
        subcommands: [TokenCommand.self]
    )

    @OptionGroup var listening: ListeningOptions
    @OptionGroup var auth: AuthOptions
    @OptionGroup var transport: TransportOptions
    @OptionGroup var limits: LimitOptions
    @OptionGroup var admission: AdmissionOptions
    @OptionGroup var compression: CompressionOptions
    @OptionGroup var logging: LoggingOptions

    static func main() {
        SystemLog.keepOut()
        do {
            if let number = GivenWords.unreadable {
                throw Complaint(GivenWords.message(number), hint: GivenWords.hint, status: EX_USAGE)
            }
            var command = try parseAsRoot()
            try command.run()
            Glibc.exit(0)
        } catch { end(with: error) }
    }

    func run() throws {
        Memory.forbidDumps()
        var configuration = ServerConfiguration()
        let environment = EnvironmentReader()
        listening.apply(to: &configuration, environment)
        try auth.apply(to: &configuration.auth, environment)
        try transport.apply(to: &configuration, environment)
        limits.apply(to: &configuration, environment)
        admission.apply(to: &configuration, environment)
        try compression.apply(to: &configuration, environment)
        let logger = try logging.makeLogger(configuration: &configuration, environment)
        if let problem = environment.problem { throw ValidationError(problem) }
        if let problem = configuration.problem { throw ValidationError(problem) }
        OpenFiles.raiseLimit()
        for remark in environment.remarks { logger.warning("\(remark)") }
        let manager = try ServiceManager()
        configuration.listener = manager.listener
        try ChatServer.checkOpenFiles(for: configuration)
        let server = ChatServer(configuration: configuration, logger: logger) { manager.tell($0) }
        // Not structured: it is what the process does from here on.
        Task {
            let endings = await UnixSignalsSequence(trapping: .sigterm, .sigint)
            Task { await EndAtSecondSignal(server: server, logger: logger, endings: endings).run() }
            do {
                try await Self.serve(server, manager)
                Glibc.exit(0)
            } catch {
                Self.end(with: error)
            }
        }
        while true { pause() }
    }

    private static func serve(_ server: ChatServer, _ manager: ServiceManager) async throws {
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                // The last is ended first, and the signs of life go on until the server has drained.
                services: [
                    .init(
                        service: SignsOfLife(manager: manager, server: server),
                        successTerminationBehavior: .ignore
                    ),
                    .init(service: server, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(
                        service: ReloadOnHangUp(server: server, hangups: hangups),
                        successTerminationBehavior: .ignore
                    ),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "lifecycle") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        try await services.run()
    }
}

/// The limit of open files, which bounds sessions.
enum OpenFiles {
    /// Raises the soft limit to the hard one: a service manager often starts programs with 1,024.
    static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
