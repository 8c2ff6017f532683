import Foundation
import SCAClient
import SCACore
import Testing

@testable import scactl

/// Tokens and codes: where they come from, where they are kept, whom they are shown to.
@Suite(.timeLimit(.minutes(10))) struct LoginProofTests {
    private static var server: ScriptedNetwork {
        ScriptedNetwork {
            $0.token = "the.good.token"
            $0.offer = CodeLogin.Offer(expiresSeconds: 300, tries: 5)
        }
    }

    private func tokenPath(_ world: World) -> String { "\(world.folder)/state/sca/tokens/\(World.me).json" }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private func file(_ world: World, _ text: String, mode: Int) throws -> String {
        let path = "\(world.folder)/given"
        try FileManager.default.createDirectory(atPath: world.folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    @Test func aTokenFromStdinIsKeptForItsOwnerAndShownToItsServerOnly() async throws {
        var world = World(Self.server)
        world.input = BlockSource(["the.good", ".token\n"])
        #expect(await world.run("login", "9876543210", "--token-file", "-").status == .done)
        #expect(try mode(tokenPath(world)) == 0o600)
        #expect(try mode("\(world.folder)/state/sca/tokens") == 0o700)
        #expect(!(try String(contentsOfFile: world.configPath, encoding: .utf8).contains("token")))

        let made = world.network.made.count
        _ = await world.run("who")
        _ = await world.run("who", "-s", "ws://other.example")
        _ = await world.run("who", "-m", "9812345678")
        #expect(world.network.made[made...].map(\.configuration.token) == ["the.good.token", nil, nil])
    }

    @Test func aTokenFileThatOthersCanReadIs78AndNothingIsAsked() async throws {
        let world = World(Self.server)
        let path = try file(world, "the.good.token\n", mode: 0o640)
        let outcome = await world.run("login", "9876543210", "--token-file", path)
        #expect(outcome.status == .badConfiguration)
        #expect(outcome.errors[0].contains("others can read the token in \(path)"))
        #expect(world.network.made.isEmpty)
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: path)
        #expect(await world.run("login", "9876543210", "--token-file", path).status == .done)
    }

    @Test func aStoredTokenThatOthersCanReadIs78() async throws {
        let world = World(Self.server)
        let path = try file(world, "the.good.token", mode: 0o600)
        _ = await world.run("login", "9876543210", "--token-file", path)
        let before = world.network.made.count
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: tokenPath(world))
        #expect(await world.run("who").status == .badConfiguration)
        #expect(await world.run("send", "--to", "9812345678", "hi").status == .badConfiguration)
        #expect(await world.run("login", "9876543210").status == .badConfiguration)
        #expect(world.network.made.count == before)
        #expect(await world.run("logout").status == .done)
        #expect(!FileManager.default.fileExists(atPath: tokenPath(world)))
    }

    @Test(arguments: ["", "two words", "a\u{1}b", "ümlaut", String(repeating: "x", count: 9_000)])
    func whatIsNoTokenIs65(_ text: String) async throws {
        let world = World(Self.server)
        let path = try file(world, text, mode: 0o600)
        #expect(await world.run("login", "9876543210", "--token-file", path).status == .badInput)
        #expect(world.network.made.isEmpty)
    }

    @Test func aTokenThatIsNotAdmittedIs77AndNotKeptAndNoCodeIsAskedFor() async throws {
        var world = World(Self.server)
        world.input = BlockSource(["another.token\n"])
        let outcome = await world.run("login", "9876543210", "--token-file", "-")
        #expect(outcome.status == .notAdmitted)
        #expect(!FileManager.default.fileExists(atPath: tokenPath(world)))
        #expect(!FileManager.default.fileExists(atPath: world.configPath))
        #expect(world.network.codes == [])
    }

    /// Each row: what the token says of itself, and what is said of it when it is refused.
    @Test(
        arguments: [
            (#"{"sub":"9876543210","exp":1795356202}"#, "; the token that was shown ended today at 14:03:22"),
            (#"{"sub":"9876543210","exp":1795256202}"#, "; the token that was shown ended on 2026-11-21"),
            (#"{"sub":"9812345678"}"#, "; the token that was shown is for 9812345678, not for 9876543210"),
            (#"{"sub":"9876543210","exp":1797956202}"#, "; the token that was shown was refused"),
            ("no JSON", "; the token that was shown was refused"),
        ]
    )
    func aRefusedTokenIsReadForWhy(_ claims: String, _ words: String) async throws {
        let world = World(Self.server)
        let payload = Data(claims.utf8).base64EncodedString().filter { $0 != "=" }
        let path = try file(world, "e30.\(payload).c2ln", mode: 0o600)
        let outcome = await world.run("login", "9876543210", "--token-file", path)
        #expect(outcome.status == .notAdmitted)
        #expect(outcome.errors.first?.contains(words) == true, "\(outcome.errors)")
    }

    @Test func inAPipeTheCodeIsReadFromStdin() async throws {
        var world = World(Self.server)
        world.input = BlockSource([" 123456 \nmore"])
        let outcome = await world.run("login", "9876543210")
        #expect(outcome.status == .done)
        #expect(outcome.errors == [])
        #expect(world.network.codes == ["123456"])
        #expect(try StoredToken.load(from: tokenPath(world))?.token == "the.good.token")
        #expect(await world.run("who").status == .done)
    }

    /// Each row: what is in the file before, what is done while it is waited for, the end, and what was sent as the code.
    @Test(
        arguments: [
            (nil, "123456\n", .done, ["123456"]), ("", "123456", .done, ["123456"]),
            ("999999\n", "123456", .done, ["123456"]),
            (nil, "999999", .notAdmitted, ["999999"]), (nil, nil, .timedOut, []), ("123456", nil, .timedOut, []),
            (nil, "", .timedOut, []),
        ] as [(String?, String?, scactl.ExitStatus, [String])]
    )
    func theFileOfACodeIsWaitedFor(
        _ before: String?,
        _ written: String?,
        _ end: scactl.ExitStatus,
        _ codes: [String]
    ) async throws {
        var world = World(Self.server)
        let path = "\(world.folder)/given"
        if let before { _ = try file(world, before, mode: 0o600) }
        let looks = Counter()
        world.sleep = { [folder = world.folder] _ in
            guard looks.next() == 3, let written else { return }
            let draft = "\(folder)/draft"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            _ = FileManager.default.createFile(
                atPath: draft,
                contents: Data(written.utf8),
                attributes: [.posixPermissions: 0o600]
            )
            #expect(rename(draft, path) == 0)
        }
        let outcome = await world.run("login", "9876543210", "--code-file", path)
        #expect(outcome.status == end, "\(outcome.errors)")
        #expect(world.network.codes == codes)
        if end == .timedOut { #expect(outcome.errors.joined().contains("no code came in \(path) within 5m")) }
    }

    @Test func aCodeThatOthersCanReadIsNotTaken() async throws {
        var world = World(Self.server)
        world.sleep = { [folder = world.folder] _ in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            _ = FileManager.default.createFile(
                atPath: "\(folder)/given",
                contents: Data("123456".utf8),
                attributes: [.posixPermissions: 0o644]
            )
        }
        let outcome = await world.run("login", "9876543210", "--code-file", "\(world.folder)/given")
        #expect(outcome.status == .badConfiguration)
        #expect(outcome.errors.joined().contains("others can read the code in"))
        #expect(world.network.codes == [])
    }

    @Test func aDeviceWithoutACodeIsNotWaitedFor() async {
        let outcome = await World(Self.server).run("login", "9876543210", "--code-file", "/dev/null")
        #expect(outcome.status == .notAdmitted)
        #expect(outcome.errors.joined().contains("no code was given"))
    }

    @Test func atATerminalTheCodeIsAskedForAgainWhileThereAreTries() async throws {
        var world = World(Self.server)
        world.terminals = Terminals(input: true, output: true, errors: true)
        world.environment["TERM"] = "dumb"
        world.input = BlockSource(["111111\n", "222222\n", "123456\n"])
        #expect(await world.run("login", "9876543210").status == .done)
        #expect(world.network.codes == ["111111", "222222", "123456"])
        // `lines` drops the last byte of each write, which here is the blank behind the colon.
        #expect(world.errors.lines.filter { $0 == "Code:" }.count == 3)
        #expect(world.errors.lines.contains { $0.hasSuffix("3 tries left") })
    }

    @Test func aWrongCodeInAPipeIs77AtOnce() async throws {
        var world = World(Self.server)
        world.input = BlockSource(["111111\n", "123456\n"])
        #expect(await world.run("login", "9876543210").status == .notAdmitted)
        #expect(world.network.codes == ["111111"])
        var silent = World(Self.server)
        silent.input = BlockSource([])
        #expect(await silent.run("login", "9876543210").status == .notAdmitted)
        #expect(silent.network.codes == [])
    }

    @Test func aServerThatGivesNoCodesIs77AndSaysWhatToType() async throws {
        let world = World(ScriptedNetwork { $0.token = "t" })
        let outcome = await world.run("login", "9876543210")
        #expect(outcome.status == .notAdmitted)
        #expect(outcome.errors[0].contains("scactl login 9876543210 --token-file FILE"))
    }

    @Test func logoutNamesTheTokensThatItRemovesAndThoseThatStay() async throws {
        var world = World(Self.server)
        world.terminals = Terminals(output: true, errors: true)
        world.environment["TERM"] = "dumb"
        world.environment["SCACTL_MOBILE"] = nil
        let paths = SettingsPaths(environment: world.environment)
        try Settings(mobile: World.me).save(to: world.configPath)
        for mobile in [World.me, World.peer, World.other] {
            try StoredToken(server: "ws://a", token: "t").save(to: paths.token(of: mobile))
        }
        _ = await world.run("logout")
        _ = await world.run("logout")
        _ = await world.run("logout", "-m", "9812345678")
        _ = await world.run("logout", "-m", "9000000001")
        let last = await world.run("logout")
        #expect(
            last.errors == [
                "scactl: forgot 9876543210; its messages stay in \(world.historyPath)",
                "scactl: still kept: the tokens of 9000000001, 9812345678; scactl logout -m MOBILE forgets one",
                "scactl: nobody was logged in",
                "scactl: still kept: the tokens of 9000000001, 9812345678; scactl logout -m MOBILE forgets one",
                "scactl: forgot the token of 9812345678",
                "scactl: still kept: the token of 9000000001; scactl logout -m MOBILE forgets one",
                "scactl: forgot the token of 9000000001",
                "scactl: nobody was logged in",
            ]
        )
    }

    @Test func logoutDeletesTheToken() async throws {
        var world = World(Self.server)
        world.input = BlockSource(["the.good.token"])
        _ = await world.run("login", "9876543210", "--token-file", "-")
        #expect(await world.run("logout").status == .done)
        #expect(!FileManager.default.fileExists(atPath: tokenPath(world)))
        #expect(await world.run("logout").status == .done)
    }
}
