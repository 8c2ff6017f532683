internal import ArgumentParser
internal import SCAClient
internal import SCACore

/// `scactl login MOBILE`: tries the mobile on the server and remembers both.
///
/// Nothing is remembered unless the server could be reached: a typo in its address should show now, not with the first
/// message.
struct Login: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Say who you are, once.",
        discussion: "Connects once and remembers the mobile and the server for all other commands. "
            + "--timeout is for all of it; 10s unless given."
    )

    @Argument(
        help: ArgumentHelp("Your mobile: 10 to 32 digits.", valueName: "mobile"),
        completion: MobileCompletion.own
    )
    var newMobile: String

    @OptionGroup
    var shared: SharedOptions

    func run(_ invocation: Invocation) async throws -> ExitStatus {
        let mobile = try Mobile(argument: newMobile)
        if let other = shared.mobile, try Mobile(argument: other) != mobile {
            throw CommandFailure.usage("two mobiles to log in: \(mobile) and \(other)", hint: "scactl login \(mobile)")
        }
        let row = try await LoginRun(invocation).run(as: mobile)
        if !invocation.isQuiet { try await invocation.console.show([row]) }
        return .done
    }
}

/// Logs in: for `login`, and for the first `chat`.
struct LoginRun {
    let invocation: Invocation

    init(_ invocation: Invocation) {
        self.invocation = invocation
    }

    /// Tries the mobile on the server and remembers both.
    ///
    /// - Returns: the row that says so.
    /// - Throws: why not; then nothing is remembered.
    func run(as mobile: Mobile) async throws -> Row {
        let paths = try invocation.paths()
        let timeout = invocation.timeout ?? Invocation.patience
        var configuration = ClientConfiguration(endpoint: invocation.endpoint, mobile: mobile)
        configuration.isVisible = false
        configuration.connectTimeout = timeout
        let store = HistoryStore(path: paths.history(of: mobile))
        let info = try await invocation.withConnection(configuration, store: store, timeout: timeout) { $0.info }

        var settings = invocation.settings
        settings.mobile = mobile
        settings.server = invocation.endpoint.description
        try settings.save(to: paths.configFile)
        await invocation.console.detail("remembered in \(paths.configFile)")
        if info.dialect == .base {
            await invocation.console.remark(
                "this server speaks the base dialect: it can tell routed from offline, but not that a message was stored"
            )
        }
        return .login(mobile, server: invocation.endpoint.description, dialect: info.dialect)
    }
}
