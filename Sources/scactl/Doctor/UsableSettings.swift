internal import SCAClient
internal import SCACore

/// What is left of variables and settings when some of them cannot be used: so that the rest can be looked at, and nothing is
/// blamed that nobody named.
///
/// A variable stands before the config file, also one that cannot be used: then what the file says is not what was meant.
struct UsableSettings: Sendable {
    /// Without the variables that cannot be used.
    private(set) var context: CommandContext
    private(set) var settings = Settings()
    /// Whether it can be told which server is meant.
    private(set) var isServerKnown = true

    init(_ options: SharedOptions, in context: CommandContext) {
        self.context = context
        if let path = try? SettingsPaths(environment: context.environment).configFile {
            let review = SettingsReview(of: path)
            settings = review?.settings ?? Settings()
            isServerKnown = review.map { $0.unusableKeys.allSatisfy { $0 != "server" && $0 != "ca_file" } } ?? false
        }
        if let server = settings.server, !Self.isServer(server) {
            settings.server = nil
            isServerKnown = false
        }
        if let server = context.variable("SCACTL_SERVER") {
            isServerKnown = Self.isServer(server)
            if !isServerKnown {
                self.context.environment["SCACTL_SERVER"] = nil
                settings.server = nil
            }
        }
        if let mobile = context.variable("SCACTL_MOBILE"), Mobile(mobile) == nil {
            self.context.environment["SCACTL_MOBILE"] = nil
            settings.mobile = nil
        }
        if options.server != nil { isServerKnown = true }
    }

    private static func isServer(_ text: String) -> Bool { (try? Endpoint(parsing: text)) != nil }
}
