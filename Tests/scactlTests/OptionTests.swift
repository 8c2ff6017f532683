import FoundationEssentials
import SCAClient
import SCACore
import Testing

@testable import scactl

/// Shared options: where they may stand, and what wins over what.
@Suite(.timeLimit(.minutes(10))) struct OptionTests {
    @Test(arguments: [
        ["-m", "9000000001", "-s", "ws://h:1", "-o", "json", "--timeout", "3", "-q", "who"],
        ["who", "-m", "9000000001", "-s", "ws://h:1", "-o", "json", "--timeout", "3", "-q"],
        ["--mobile", "9000000001", "--quiet", "who", "--server", "ws://h:1", "--output", "json", "--timeout", "3s"],
        ["-q", "-m9000000001", "who", "-sws://h:1", "--output=json", "--timeout=3000ms"],
    ])
    func sharedOptionsMeanTheSameBeforeAndAfterTheCommand(_ arguments: [String]) async throws {
        let world = World()
        #expect(await Scactl.run(arguments, in: world.context) == .done)
        let configuration = try world.connection.configuration
        #expect(configuration.mobile == World.other)
        #expect(configuration.endpoint.description == "ws://h:1")
        #expect(configuration.connectTimeout == .seconds(3))
    }

    /// Each row: option, environment, config file, and what comes of it.
    @Test(
        arguments: [
            ("9000000001", "9000000002", "9000000003", "9000000001"), (nil, "9000000002", "9000000003", "9000000002"),
            (nil, nil, "9000000003", "9000000003"), (nil, "", "9000000003", "9000000003"), (nil, nil, nil, nil),
        ] as [(String?, String?, String?, String?)]
    )
    func mobileComesFromOptionThenEnvironmentThenFile(
        _ option: String?,
        _ variable: String?,
        _ file: String?,
        _ expected: String?
    ) async throws {
        var world = World()
        world.environment["SCACTL_MOBILE"] = variable
        try Settings(mobile: file.flatMap { Mobile($0) }).save(to: world.configPath)
        let status = await Scactl.run(["who"] + (option.map { ["-m", $0] } ?? []), in: world.context)
        #expect(status == (expected == nil ? .notAdmitted : .done))
        #expect(world.network.made.first?.configuration.mobile.description == expected)
    }

    @Test(
        arguments: [
            ("ws://a", "ws://b", "ws://c", "ws://a"), (nil, "ws://b", "ws://c", "ws://b"),
            (nil, nil, "ws://c", "ws://c"),
            (nil, nil, nil, "ws://127.0.0.1:8080"),
        ] as [(String?, String?, String?, String)]
    )
    func serverComesFromOptionThenEnvironmentThenFileThenDefault(
        _ option: String?,
        _ variable: String?,
        _ file: String?,
        _ expected: String
    ) async throws {
        var world = World()
        world.environment["SCACTL_SERVER"] = variable
        try Settings(server: file).save(to: world.configPath)
        _ = await Scactl.run(["who"] + (option.map { ["-s", $0] } ?? []), in: world.context)
        #expect(world.network.made.first?.configuration.endpoint.description == expected)
    }

    /// Each row: option, environment, config file, whether stdout is a terminal, and whether rows are JSON.
    @Test(
        arguments: [
            ("text", "json", .json, false, false), ("json", "text", .text, true, true),
            (nil, "text", .json, false, false),
            (nil, nil, .text, false, false), (nil, nil, .json, true, true), (nil, nil, nil, true, false),
            (nil, nil, nil, false, true), ("auto", "text", .text, false, true), ("auto", "json", .json, true, false),
        ] as [(String?, String?, Settings.Output?, Bool, Bool)]
    )
    func outputFormComesFromOptionThenEnvironmentThenFileThenTheTerminal(
        _ option: String?,
        _ variable: String?,
        _ file: Settings.Output?,
        _ isTerminal: Bool,
        _ isJSON: Bool
    ) async throws {
        var world = World(ScriptedNetwork { $0.online = [World.peer] })
        world.environment["SCACTL_OUTPUT"] = variable
        world.terminals.output = isTerminal
        try Settings(output: file).save(to: world.configPath)
        _ = await Scactl.run(["who"] + (option.map { ["-o", $0] } ?? []), in: world.context)
        #expect(world.output.lines[0].hasPrefix("{") == isJSON)
    }

    @Test(arguments: [
        ("SCACTL_OUTPUT", "xml"), ("SCACTL_MOBILE", "+91 98765"), ("SCACTL_SERVER", "ftp://x"),
    ])
    func aBadVariableIs64AndNamed(_ name: String, _ value: String) async {
        var world = World()
        world.environment[name] = value
        let outcome = await world.run("who")
        #expect(outcome.status == .usage)
        #expect(outcome.errors[0].contains(name))
    }

    @Test(arguments: [
        ["--frobnicate", "who"], ["who", "--color", "pink"], ["who", "-o", "xml"], ["who", "-s", "ftp://x"],
        ["who", "--timeout", "1 h"], ["nosuch"], ["login"], ["login", "1234567890", "extra"],
    ])
    func usageErrorsAre64OnStderrWithWhatToTry(_ arguments: [String]) async {
        let world = World()
        #expect(await Scactl.run(arguments, in: world.context) == .usage)
        #expect(world.output.lines.isEmpty)
        #expect(world.errors.lines.count == 1)
    }

    @Test func aMistypedCommandIsRecognised() async {
        for (word, hint) in [("lisen", "scactl listen"), ("sing", "scactl --help")] {
            let errors = await World().run("-o", "text", word).errors
            #expect(errors == ["scactl: there is no command \"\(word)\"\n  try: \(hint)"])
        }
    }

    @Test func helpAndVersionGoToStdout() async {
        for arguments in [["--help"], ["send", "--help"], ["help", "send"], ["-h"], [], ["-q"]] {
            let world = World()
            #expect(await Scactl.run(arguments, in: world.context) == .done)
            #expect(world.errors.lines.isEmpty && world.output.lines.count == 1)
        }
        #expect(await World().run("--version").rows == [Scactl.version])
        #expect(await World().run("send", "--version").rows == [Scactl.version])
    }

    @Test func helpThatCannotBeWrittenIs74() async {
        let world = World()
        world.output.fail(with: CommandFailure(.ours(.outputFailed), "no space", hint: "make some", status: .io))
        #expect(await world.run("--help").status == .io)
    }

    @Test func verboseSaysWhatHappens() async {
        let outcome = await World().run("-v", "who")
        #expect(
            outcome.errors == [
                "scactl: connecting to ws://127.0.0.1:8080 as 9876543210", "scactl: connected: scad/test, sca.v2",
            ]
        )
    }
}
