import FoundationEssentials
import Glibc
import SCAClient
import SCACore
import Testing

@testable import scactl

/// What `doctor` finds, and that it changes nothing.
@Suite(.timeLimit(.minutes(10))) struct DoctorTests {
    private typealias Subject = CheckRow.Subject

    /// A server that answers, its clock so many seconds from ours.
    private static func network(
        behind: Int64 = 0,
        certificateDays: Int64? = nil,
        _ change: (inout ScriptedNetwork.Script) -> Void = { _ in }
    ) -> ScriptedNetwork {
        ScriptedNetwork { script in
            var report = HealthReport.example()
            report.peer.clock = World.now / 1_000 - behind
            report.peer.certificateEnd = certificateDays.map { World.now / 1_000 + $0 * 86_400 }
            script.health = [.success(report)]
            change(&script)
        }
    }

    /// The names of what was looked at, each with its grade.
    private func grades(_ outcome: World.Outcome) -> [String] {
        outcome.rows.map { row in
            let (name, grade) = (row.firstMatch(of: /"name":"([a-z]+)"/), row.firstMatch(of: /"grade":"([a-z]+)"/))
            return "\(name?.output.1 ?? "?") \(grade?.output.1 ?? "?")"
        }
    }

    private func row(_ subject: Subject, of outcome: World.Outcome) -> String {
        outcome.rows.first { $0.contains(#""name":"\#(subject.rawValue)""#) } ?? ""
    }

    @Test func whenAllIsWellEachThingIsSaidAndTheEndIs0() async {
        let outcome = await World(Self.network()).run("doctor")
        #expect(outcome.status == .done)
        #expect(outcome.errors.isEmpty)
        let all = [
            "version", "settings", "mobile", "token", "history", "disk", "terminal", "server", "session", "clock",
        ]
        #expect(grades(outcome) == all.map { "\($0) ok" })
    }

    @Test func nothingIsMadeOrChanged() async throws {
        let world = World(Self.network())
        _ = await world.run("doctor")
        #expect(!FileManager.default.fileExists(atPath: world.folder))
        let configuration = try world.connection.configuration
        #expect(!configuration.isVisible && !configuration.sendsReceipts && configuration.presence == .none)
        #expect(try !world.connection.hasStore)
    }

    @Test func withoutALoginTheRestIsLookedAt() async {
        var world = World(Self.network())
        world.environment["SCACTL_MOBILE"] = nil
        let outcome = await world.run("doctor")
        #expect(outcome.status == .done)
        #expect(row(.mobile, of: outcome).contains(#""grade":"warning""#))
        #expect(row(.mobile, of: outcome).contains(#""hint":"scactl login MOBILE""#))
        #expect(row(.server, of: outcome).contains(#""ok":true"#))
        #expect(world.network.made.isEmpty)
    }

    @Test(arguments: [
        (ClientError.Code.unreachable, CheckRow.Subject.server), (.timeout, .server), (.invalidServer, .server),
        (.tlsFailed, .tls), (.badConfiguration, .tls),
    ])
    func aServerThatDoesNotAnswerIsWrongAndAskedOnce(_ code: ClientError.Code, _ subject: CheckRow.Subject) async {
        let world = World(ScriptedNetwork { $0.health = [.failure(ClientError(code, "why", hint: "what"))] })
        let outcome = await world.run("doctor")
        #expect(outcome.status == .no)
        #expect(row(subject, of: outcome).hasSuffix(#""ok":false,"grade":"failed","message":"why","hint":"what"}"#))
        #expect(world.network.made.isEmpty)
    }

    @Test func aServerThatDoesNotAdmitIsWrong() async {
        let outcome = await World(Self.network { $0.token = "t" }).run("doctor")
        #expect(outcome.status == .no)
        #expect(row(.session, of: outcome).contains(#""hint":"scactl login"#))
        #expect(row(.clock, of: outcome).contains(#""ok":true"#))
    }

    @Test(
        arguments: [
            (0, "ok"), (5, "ok"), (-5, "ok"), (20, "warning"), (-20, "warning"), (90, "failed"), (-90_000, "failed"),
        ] as [(Int64, String)]
    )
    func aClockThatIsFarOffIsSaid(_ behind: Int64, _ grade: String) async {
        let outcome = await World(Self.network(behind: behind)).run("doctor")
        let row = row(.clock, of: outcome)
        #expect(row.contains(#""grade":"\#(grade)""#), "\(row)")
        #expect(outcome.status == (grade == "failed" ? .no : .done))
        if grade != "ok" { #expect(row.contains(behind > 0 ? "ahead of" : "behind")) }
    }

    @Test(
        arguments: [
            (6, "6s"), (90, "90s"), (119, "2m"), (5_400, "90m"), (7_199, "2h"), (7_200, "2h"), (100_000, "28h"),
            (200_000, "2d"),
        ] as [(Int64, String)]
    )
    func howFarTheClocksAreApartIsSaidForReading(_ seconds: Int64, _ words: String) {
        #expect(ServerChecks.roughly(seconds) == words)
    }

    /// The server's clock is in whole seconds, so that one side is always a second short.
    @Test(arguments: [(7_200, "2h ahead of"), (-7_200, "2h behind")] as [(Int64, String)])
    func bothSidesOfTheClockAreSaidAlike(_ behind: Int64, _ words: String) async {
        let outcome = await World(Self.network(behind: behind)).run("doctor")
        #expect(row(.clock, of: outcome).contains("this machine's is \(words) the server's"))
    }

    @Test(arguments: ClientError.Code.allCases)
    func nobodyIsSentToWhereHeIs(_ code: ClientError.Code) async {
        let dead = World(ScriptedNetwork { $0.health = [.failure(ClientError(code, "why"))] })
        let refusing = World(Self.network { $0.connectError = ClientError(code, "why") })
        for world in [dead, refusing] {
            let outcome = await world.run("doctor", "-q")
            #expect(outcome.rows.contains { $0.contains(#""message":"why""#) && !$0.contains("scactl doctor") })
        }
    }

    @Test(arguments: [(200, "ok"), (15, "ok"), (14, "warning"), (1, "warning")] as [(Int64, String)])
    func aCertificateThatEndsSoonIsSaid(_ days: Int64, _ grade: String) async {
        let outcome = await World(Self.network(certificateDays: days)).run("doctor", "-s", "wss://chat.example")
        #expect(row(.tls, of: outcome).contains(#""grade":"\#(grade)""#))
        #expect(outcome.status == .done)
    }

    @Test func inTheClearToAnotherMachineIsAWarning() async {
        let outcome = await World(Self.network()).run("doctor", "-s", "ws://chat.example")
        #expect(row(.tls, of: outcome).contains(#""grade":"warning""#))
    }

    @Test func settingsThatCannotBeUsedAreFoundAndTheRestIsLookedAt() async throws {
        for text in ["nonsense", #"{"mobile":"98"}"#, #"{"server":"ftp://x"}"#] {
            let world = World(Self.network())
            try Settings(mobile: World.me).save(to: world.configPath)
            try Data(text.utf8).write(to: URL(filePath: world.configPath))
            let outcome = await world.run("doctor")
            #expect(outcome.status == .no)
            #expect(row(.settings, of: outcome).contains(#""ok":false"#), "\(text)")
            #expect(row(.settings, of: outcome).contains(#""hint":""#))
            #expect(grades(outcome).contains("history ok"), "\(text)")
        }
    }

    /// Each row: the config file, the variables, the options, and which server is asked; nil if nobody can tell.
    @Test(
        arguments: [
            (#"{"server":"ws://a.example"}"#, ["SCACTL_MOBILE": "abc"], [], "ws://a.example"),
            (#"{"output":"xml","server":"ws://a.example"}"#, [:], [], "ws://a.example"),
            (#"{"mobile":"abc","server":"ws://a.example"}"#, [:], [], "ws://a.example"),
            (#"{"mobile":"abc"}"#, [:], [], "ws://127.0.0.1:8080"),
            (#"{"mobile":"abc","server":"ws://a.example"}"#, ["SCACTL_SERVER": "ws://b.example"], [], "ws://b.example"),
            (#"{"server":"ws://a.example"}"#, ["SCACTL_SERVER": "ftp://x"], [], nil),
            (#"{"server":"ftp://x"}"#, [:], [], nil), (#"{"server":5}"#, [:], [], nil), ("nonsense", [:], [], nil),
            ("nonsense", [:], ["-s", "ws://c.example"], "ws://c.example"),
            ("nonsense", ["SCACTL_SERVER": "ws://b.example"], [], "ws://b.example"),
        ] as [(String, [String: String], [String], String?)]
    )
    func withBrokenSettingsTheServerThatIsMeantIsAskedOrNone(
        _ file: String,
        _ variables: [String: String],
        _ options: [String],
        _ server: String?
    ) async throws {
        var world = World(Self.network())
        try Settings(mobile: World.me).save(to: world.configPath)
        try Data(file.utf8).write(to: URL(filePath: world.configPath))
        world.environment.merge(variables) { $1 }
        #expect(await Scactl.run(["doctor"] + options, in: world.context) == .no)
        let said = world.output.lines.first { $0.contains(#""name":"server""#) } ?? ""
        #expect(
            said.contains(server.map { "\($0) answers" } ?? "the settings that may name it cannot be used"),
            "\(said)"
        )
    }

    /// Each row: the variable or the key, and what it is taken for.
    @Test(
        arguments: [
            ("SCACTL_SERVR", "SCACTL_SERVER, if that is meant; else unset SCACTL_SERVR"),
            ("SCACTL_XYZ", "unset SCACTL_XYZ"), ("sever", #"\"server\", if that is meant"#),
            ("colour", "remove it there"),
        ]
    )
    func aNameThatMeansNothingIsAWarning(_ name: String, _ hint: String) async throws {
        var world = World(Self.network())
        if name.hasPrefix("SCACTL_") {
            world.environment[name] = "x"
        } else {
            try Settings(mobile: World.me).save(to: world.configPath)
            try Data(#"{"mobile":"9876543210","\#(name)":"x"}"#.utf8).write(to: URL(filePath: world.configPath))
        }
        let outcome = await world.run("doctor", "-q")
        #expect(outcome.status == .done)
        #expect(grades(outcome) == ["settings warning"])
        #expect(outcome.rows.joined().contains(#"\#(name)"#) && outcome.rows.joined().contains(#""hint":"\#(hint)""#))
    }

    @Test func whatTheProgramsOfABotAreGivenIsKnown() async {
        var world = World(Self.network())
        for name in UnknownNames.variables where world.environment[name] == nil {
            world.environment[name] =
                name == "SCACTL_SERVER" ? "ws://a.example" : name == "SCACTL_OUTPUT" ? "json" : "1"
        }
        #expect(grades(await world.run("doctor")).filter { $0.hasPrefix("settings") } == ["settings ok"])
    }

    @Test func nobodyIsToldToLogInWhereTheSettingsAreBroken() async throws {
        var world = World(Self.network())
        world.environment["SCACTL_MOBILE"] = nil
        try Settings(mobile: World.me).save(to: world.configPath)
        try Data("nonsense".utf8).write(to: URL(filePath: world.configPath))
        let outcome = await world.run("doctor")
        #expect(row(.mobile, of: outcome).contains("the settings that may name it cannot be used"))
        #expect(!row(.mobile, of: outcome).contains("login"))
    }

    @Test func aVariableThatCannotBeUsedIsFound() async {
        var world = World(Self.network())
        world.environment["SCACTL_SERVER"] = "ftp://x"
        let outcome = await world.run("doctor")
        #expect(outcome.status == .no)
        #expect(row(.settings, of: outcome).contains("SCACTL_SERVER"))
    }

    @Test(arguments: [["doctor", "--timeout", "soon"], ["doctor", "-s", "ftp://x"], ["doctor", "-m", "98"]])
    func optionsThatMakeNoSenseAre64(_ arguments: [String]) async {
        let world = World(Self.network())
        #expect(await Scactl.run(arguments, in: world.context) == .usage)
        #expect(world.output.lines.isEmpty)
    }

    @Test func quietSaysOnlyWhatIsNotInOrder() async {
        let outcome = await World(Self.network(behind: 20)).run("doctor", "-q")
        #expect(grades(outcome) == ["clock warning"])
    }

    /// Each row: what the token says, and the grade.
    @Test(
        arguments: [
            (#"{"sub":"9876543210","exp":1797956202}"#, "ok"), (#"{"sub":"9876543210","exp":1795400000}"#, "warning"),
            (#"{"sub":"9876543210","exp":1795356202}"#, "failed"),
            (#"{"sub":"9812345678","exp":1797956202}"#, "failed"),
            (#"{"sub":"9876543210"}"#, "ok"), ("no JSON", "ok"), (#"{"exp":-253402300799}"#, "failed"),
            (#"{"exp":10000000000000000}"#, "ok"), (#"{"exp":1795449628852000000}"#, "ok"), (#"{"exp":-1e18}"#, "ok"),
        ]
    )
    func whatTheTokenSaysOfItselfIsRead(_ claims: String, _ grade: String) async throws {
        let world = World(Self.network())
        let path = "\(world.folder)/state/sca/tokens/\(World.me).json"
        let payload = Data(claims.utf8).base64EncodedString().filter { $0 != "=" }
        try StoredToken(server: "ws://127.0.0.1:8080", token: "e30.\(payload).c2ln").save(to: path)
        let outcome = await world.run("doctor")
        #expect(row(.token, of: outcome).contains(#""grade":"\#(grade)""#), "\(row(.token, of: outcome))")
    }

    @Test func aTokenForAnotherServerOrForOthersEyesIsSaid() async throws {
        let world = World(Self.network())
        let path = "\(world.folder)/state/sca/tokens/\(World.me).json"
        try StoredToken(server: "wss://other.example", token: "t").save(to: path)
        #expect(row(.token, of: await world.run("doctor")).contains(#""grade":"warning""#))
        #expect(chmod(path, 0o644) == 0)
        let exposed = await world.run("doctor")
        #expect(exposed.rows.last { $0.contains(#""name":"token""#) }?.contains("chmod 600") == true)
    }

    /// Each row: TERM, LANG, columns, and the grade.
    @Test(
        arguments: [
            ("xterm", "en_US.UTF-8", 80, "ok"), ("xterm", "C.utf8", nil, "ok"), ("dumb", "C.UTF-8", 80, "warning"),
            (nil, "C.UTF-8", 80, "warning"), ("xterm", "C", 80, "warning"), ("xterm", nil, 80, "warning"),
            ("xterm", "C.UTF-8", 30, "warning"), ("nobody-has-this", "C.UTF-8", 80, "warning"),
            ("../x/xterm", "C.UTF-8", 80, "warning"),
        ] as [(String?, String?, Int?, String)]
    )
    func theTerminalIsLookedAt(_ name: String?, _ locale: String?, _ columns: Int?, _ grade: String) async {
        var world = World(Self.network())
        world.terminals = Terminals(input: true, output: true, errors: true)
        (world.environment["TERM"], world.environment["LANG"], world.columns) = (name, locale, columns)
        let outcome = await world.run("doctor", "-o", "json")
        #expect(row(.terminal, of: outcome).contains(#""grade":"\#(grade)""#), "\(row(.terminal, of: outcome))")
    }
}
