internal import SCAClient
internal import SCACore

/// One run of a command: who, where, how to print. What came of options, environment and config file.
///
/// Precedence: option, then environment, then config file, then default. Each value is looked at only if it is the one
/// that counts: a bad address in the config file does no harm to a command with `--server`. An empty environment variable
/// is one that is not set.
struct Invocation: Sendable {
    let context: CommandContext
    private(set) var console: Console
    private(set) var endpoint: Endpoint
    /// Whether an option, the environment or a login named the server.
    private let isServerNamed: Bool
    /// The authorities by which the server's certificate is verified; nil for the system's.
    let caFile: String?
    /// `--timeout`, if given.
    let timeout: Duration?
    let isQuiet: Bool
    /// What was remembered by `login`.
    let settings: Settings
    /// Where the config file and the history are.
    let paths: SettingsPaths
    private let knownMobile: Mobile?

    /// - Parameter known: what to take in place of the config file, which is not read then.
    /// - Throws: `CommandFailure` with status 64 for options and environment; what makes 78 for the config file.
    init(
        _ options: SharedOptions,
        console: Console,
        in context: CommandContext,
        settings known: Settings? = nil
    ) throws {
        self.context = context
        self.console = console
        isQuiet = options.quiet
        paths = SettingsPaths(environment: context.environment)
        settings = try known ?? Self.settings(at: paths)
        timeout = try options.timeout.map { (text) throws(CommandFailure) in
            try Duration(argument: text, for: "--timeout")
        }
        if let text = options.mobile {
            knownMobile = try Mobile(argument: text)
        } else if let text = context.variable("SCACTL_MOBILE") {
            knownMobile = try Self.naming("SCACTL_MOBILE") { () throws(CommandFailure) in try Mobile(argument: text) }
        } else {
            knownMobile = settings.mobile
        }
        let named = try Self.endpoint(options, settings, context)
        isServerNamed = named != nil
        endpoint = named ?? .local
        caFile = try Self.caFile(options, for: endpoint, settings, context)
    }

    /// Who I am.
    ///
    /// - Throws: `not_logged_in`, status 77; status 78 if the environment does not say where a login would have said it.
    func mobile() throws(CommandFailure) -> Mobile {
        if let knownMobile { return knownMobile }
        do throws(SettingsError) { _ = try paths.configFile } catch { throw CommandFailure(explaining: error) }
        throw .notLoggedIn
    }

    /// What a login has left to prove that I am this mobile, if it was at this server.
    ///
    /// - Throws: status 78 if others can read it, or it cannot be used.
    func token(of mobile: Mobile) throws(CommandFailure) -> String? {
        do throws(SettingsError) {
            guard let path = try tokenFile(of: mobile) else { return nil }
            let stored = try StoredToken.load(from: path)
            return stored?.server == endpoint.description ? stored?.token : nil
        } catch { throw CommandFailure(explaining: error) }
    }

    /// Where that is kept; nil if the environment names no place for it: then there is none.
    func tokenFile(of mobile: Mobile) throws(SettingsError) -> String? {
        do throws(SettingsError) { return try paths.token(of: mobile) } catch {
            guard error.code == .noHome else { throw error }
            return nil
        }
    }

    /// The same run with rows as JSON lines, also on a terminal: for a command whose rows are a protocol.
    func printingJSON() -> Invocation {
        var copy = self
        copy.console = console.inJSON()
        return copy
    }

    /// The same run, at this machine's server if none is named: at the port that scad takes from the same environment. So the
    /// health check of a container needs no shell that would put the port into a URL.
    ///
    /// - Throws: status 64 for a port that is none.
    func atOwnServer() throws(CommandFailure) -> Invocation {
        guard !isServerNamed, let name = ["SCAD_PORT", "PORT"].first(where: { context.variable($0) != nil }),
            let text = context.variable(name)
        else { return self }
        guard let port = Int(text), (1...65_535).contains(port) else {
            throw .usage("\(name) must be a TCP port, 1 to 65535; found \"\(text)\"", hint: "unset \(name)")
        }
        var copy = self
        copy.endpoint.port = port
        return copy
    }

    /// My history.
    func history() throws -> HistoryStore {
        HistoryStore(path: try paths.history(of: mobile()))
    }

    /// An environment that names no home is no reason to refuse a command that needs none.
    private static func settings(at paths: SettingsPaths) throws(SettingsError) -> Settings {
        do throws(SettingsError) { return try Settings.load(from: paths.configFile) } catch {
            guard error.code == .noHome else { throw error }
            return Settings()
        }
    }

    private static func endpoint(
        _ options: SharedOptions,
        _ settings: Settings,
        _ context: CommandContext
    ) throws(CommandFailure) -> Endpoint? {
        if let text = options.server { return try endpoint(text) { .usage($0.message, hint: $0.nextStep) } }
        if let text = context.variable("SCACTL_SERVER") {
            return try endpoint(text) { .usage("SCACTL_SERVER: \($0.message)", hint: $0.nextStep) }
        }
        guard let text = settings.server else { return nil }
        return try endpoint(text) { error in
            CommandFailure(
                .client(.badConfiguration),
                "in the config file, \(error.message)",
                hint: "scactl login MOBILE --server URL",
                status: .badConfiguration
            )
        }
    }

    private static func endpoint(
        _ text: String,
        or explain: (ClientError) -> CommandFailure
    ) throws(CommandFailure) -> Endpoint {
        do throws(ClientError) { return try Endpoint(parsing: text) } catch { throw explain(error) }
    }

    private static func naming<Value>(
        _ variable: String,
        _ body: () throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(CommandFailure) { return try body() } catch {
            // The hint is the mobile that was meant, if one can be guessed.
            let hint = Mobile(error.hint).map { "export \(variable)=\($0)" } ?? "unset \(variable)"
            throw .usage("\(variable): \(error.message)", hint: hint)
        }
    }
}

extension CommandContext {
    /// An environment variable; nil if it is not set, or empty.
    func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension Duration {
    /// - Parameter option: for the message, such as `--timeout`.
    /// - Throws: `CommandFailure` with status 64.
    init(argument text: String, for option: String) throws(CommandFailure) {
        guard let duration = Duration(parsing: text) else {
            throw .usage(
                "\(option) takes a duration like 250ms, 10s, 5m, 2h or 7d; found \"\(text)\"",
                hint: "\(option) 10s"
            )
        }
        self = duration
    }
}
