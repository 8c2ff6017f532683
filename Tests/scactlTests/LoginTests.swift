import FoundationEssentials
import Glibc
import SCAClient
import SCACore
import Testing

@testable import scactl

@Suite(.timeLimit(.minutes(10))) struct LoginTests {
    @Test func loginRemembersMobileAndServerForLaterCommands() async throws {
        var world = World()
        world.environment["SCACTL_MOBILE"] = nil
        let outcome = await world.run("login", "9812345678", "-s", "http://chat.example:81/")
        #expect(
            outcome.rows == [
                #"{"type":"login","mobile":"9812345678","server":"ws://chat.example:81","dialect":"sca.v2"}"#
            ]
        )
        _ = await world.run("who")
        #expect(world.network.made.last?.configuration.mobile == World.peer)
        #expect(world.network.made.last?.configuration.endpoint.description == "ws://chat.example:81")
    }

    @Test func homeIsNotNeededWhereTheFoldersAreNamed() async {
        var world = World()
        world.environment["XDG_STATE_HOME"] = nil
        world.environment["SCACTL_MOBILE"] = nil
        #expect(await world.run("login", "9812345678", "-s", "ws://chat.example").status == .done)
        #expect(await world.run("who").status == .done)
        #expect(world.network.made.last?.configuration.mobile == World.peer)
        #expect(world.network.made.last?.configuration.endpoint.host == "chat.example")
        #expect(await world.run().rows.joined().contains("You are 9812345678"))
        #expect(await world.run("logout").status == .done)
        #expect(await world.run("who").status == .notAdmitted)
    }

    @Test func whereALoginWouldBeIsToldBeforeThatThereIsNone() async {
        var world = World()
        world.environment["XDG_CONFIG_HOME"] = nil
        #expect(await world.run("who").status == .done)
        world.environment["SCACTL_MOBILE"] = nil
        let outcome = await world.run("who")
        #expect(outcome.status == .badConfiguration)
        #expect(outcome.errors.joined().contains("neither XDG_CONFIG_HOME nor HOME is set"))
    }

    @Test func onlyTheOwnerMayReadTheConfigFile() async {
        let world = World()
        _ = await world.run("login", "9812345678")
        var status = stat()
        #expect(stat(world.configPath, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func nothingIsRememberedWhenTheServerCannotBeReached() async {
        let world = World(ScriptedNetwork { $0.connectError = ClientError(.unreachable, "nobody there") })
        #expect(await world.run("login", "9812345678").status == .unreachable)
        #expect(!FileManager.default.fileExists(atPath: world.configPath))
    }

    @Test func aBaseServerIsPointedOut() async {
        let world = World(ScriptedNetwork { $0.info = ServerInfo(dialect: .base) })
        let outcome = await world.run("login", "9812345678")
        #expect(outcome.errors.count == 1 && outcome.errors[0].contains("base dialect"))
        #expect(outcome.rows[0].hasSuffix(#""dialect":"base"}"#))
    }

    @Test(arguments: ["98765", "+919876543210", "98765 43210", "98765x3210", "", "٩٨٧٦٥٤٣٢١٠"])
    func whatIsNoMobileIsSaidPlainly(_ typed: String) async {
        let outcome = await World().run("-o", "text", "login", typed)
        #expect(outcome.status == .usage)
        #expect(
            outcome.errors[0].hasPrefix(
                "scactl: a mobile is 10 to 32 digits, like 9876543210; found \"\(typed)\""
            )
        )
    }

    @Test func theMobileCanBeNamedByTheSharedOption() async {
        let outcome = await World().run("login", "-m", "9812345678")
        #expect(outcome.status == .done)
        #expect(outcome.rows.joined().hasPrefix(#"{"type":"login","mobile":"9812345678""#))
    }

    @Test func logoutForgetsAndLeavesTheHistoryAlone() async throws {
        var world = World()
        _ = await world.run("login", "9876543210")
        try world.store(.example("a"))
        world.terminals = Terminals(output: true, errors: true)
        world.environment["TERM"] = "dumb"
        world.environment["SCACTL_MOBILE"] = nil
        let outcome = await world.run("logout")
        #expect(outcome.status == .done)
        #expect(outcome.errors == ["scactl: forgot 9876543210; its messages stay in \(world.historyPath)"])
        #expect(world.history.count == 1)
        #expect(await world.run("who").status == .notAdmitted)
        #expect(await world.run("logout").status == .done)
    }

    @Test func aConfigFileThatCannotBeUsedIs78() async throws {
        let world = World()
        _ = await world.run("login", "9812345678")
        for text in ["nonsense", #"{"mobile":"98"}"#, #"{"mobile":"9812345678","server":"ftp://x"}"#] {
            try Data(text.utf8).write(to: URL(filePath: world.configPath))
            #expect(await world.run("who").status == .badConfiguration, "\(text)")
        }
    }

    @Test func aBadServerInTheConfigFileDoesNoHarmToACommandThatNamesAnother() async throws {
        let world = World()
        _ = await world.run("login", "9812345678")
        try Data(#"{"server":"ftp://x"}"#.utf8).write(to: URL(filePath: world.configPath))
        #expect(await world.run("who", "-s", "ws://localhost").status == .done)
    }

    @Test func anEnvironmentWithoutAHomeStillAllowsHealth() async {
        var world = World(ScriptedNetwork { $0.health = [.success(.example())] })
        world.environment = [:]
        #expect(await world.run("health").status == .done)
        #expect(await world.run("login", "9812345678").status == .badConfiguration)
    }
}
