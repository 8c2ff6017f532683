internal import ArgumentParser
internal import SCACore

/// The options that mean the same in every command, before or after its name.
///
/// They are kept as typed: `Invocation` turns them into values together with the environment and the config file,
/// so that a wrong value gets one of our own sentences, and in JSON if that was asked for.
struct SharedOptions: ParsableArguments, Sendable {
    @Option(
        name: [.customShort("m", allowingJoined: true), .long],
        help: ArgumentHelp("Who I am. (default: the last login; SCACTL_MOBILE)", valueName: "mobile"),
        completion: MobileCompletion.own
    )
    var mobile: String?

    @Option(
        name: [.customShort("s", allowingJoined: true), .long],
        help: ArgumentHelp(
            "The server, ws:// or wss://. (default: the one logged in to, else ws://127.0.0.1:8080; SCACTL_SERVER)",
            valueName: "url"
        )
    )
    var server: String?

    @Option(
        help: ArgumentHelp(
            "Verify a wss:// server by the authorities in this file, in PEM. (default: the system's; SCACTL_CA_FILE)",
            valueName: "file"
        ),
        completion: .file()
    )
    var caFile: String?

    @Option(
        name: [.customShort("o", allowingJoined: true), .long],
        help: ArgumentHelp(
            "auto, text or json; auto is text on a terminal, JSON lines elsewhere. (default: auto; SCACTL_OUTPUT)",
            valueName: "form"
        ),
        completion: .list(Settings.Output.allCases.map(\.rawValue))
    )
    var output: String?

    @Option(
        help: ArgumentHelp(
            "How long to wait: 250ms, 10s, 5m, 2h, 7d; a bare number is seconds. For what, each command says.",
            valueName: "duration"
        )
    )
    var timeout: String?

    @Flag(name: .shortAndLong, help: "Only errors, and what was asked for: no remarks, no sent, login or health rows.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say on stderr what happens.")
    var verbose = false

    @Option(
        help: ArgumentHelp("auto, always or never. (default: auto; NO_COLOR)", valueName: "when"),
        completion: .list(TerminalStyle.Choice.allCases.map(\.rawValue))
    )
    var color: String?
}
