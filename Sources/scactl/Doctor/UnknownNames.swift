internal import SCACommandLine
internal import SCACore

/// Variables and keys of the config file that look like ours and mean nothing: most are typing errors, and what was meant is not
/// set.
struct UnknownNames: Sendable {
    /// What is looked at, and what the programs of a bot are given.
    static let variables = [
        "SCACTL_MOBILE", "SCACTL_SERVER", "SCACTL_CA_FILE", "SCACTL_OUTPUT",
        "SCACTL_ID", "SCACTL_FROM", "SCACTL_TO", "SCACTL_TS", "SCACTL_TEXT",
    ]

    private static let prefix = "SCACTL_"

    private let environment: [String: String]
    private let configFile: String?

    init(_ context: CommandContext) {
        environment = context.environment
        configFile = try? SettingsPaths(environment: context.environment).configFile
    }

    var rows: [CheckRow] {
        let names = environment.keys.filter { $0.hasPrefix(Self.prefix) && !Self.variables.contains($0) }
        let keys = configFile.flatMap(SettingsReview.init(of:))?.unknownKeys ?? []
        return names.sorted().map(row(forVariable:)) + keys.map(row(forKey:))
    }

    private func row(forVariable name: String) -> CheckRow {
        let ending = { (name: String) in String(name.dropFirst(Self.prefix.count)) }
        let near = NearWord.of(ending(name), among: Self.variables.map(ending))
        let shown = TextSanitizer.sanitized(name, .oneLine)
        return .warning(
            .settings,
            "the environment's \(shown) means nothing to scactl, and is ignored",
            hint: near.map { "\(Self.prefix)\($0), if that is meant; else unset \(shown)" } ?? "unset \(shown)"
        )
    }

    private func row(forKey key: String) -> CheckRow {
        let near = NearWord.of(key, among: SettingsReview.knownKeys)
        let shown = TextSanitizer.sanitized(key, .oneLine)
        return .warning(
            .settings,
            "in \(configFile ?? "the config file"), \"\(shown)\" means nothing, and is ignored",
            hint: near.map { "\"\($0)\", if that is meant" } ?? "remove it there"
        )
    }
}
