import SCAClient
import SCACore
import Testing

@testable import scactl

/// By whose authorities a server is verified: option, environment, what `login` remembered for that server, the system's.
@Suite(.timeLimit(.minutes(5))) struct AuthoritiesTests {
    private static let server = "wss://chat.example"

    private func caFile(_ world: World, _ words: String...) async throws -> String? {
        let status = await Scactl.run(["who"] + words, in: world.context)
        #expect(status == .done)
        return try #require(world.network.made.last).configuration.caFile
    }

    @Test func optionBeatsEnvironmentBeatsTheSystems() async throws {
        var world = World()
        #expect(try await caFile(world, "-s", Self.server) == nil)
        world.environment["SCACTL_CA_FILE"] = "/env.pem"
        #expect(try await caFile(world, "-s", Self.server) == "/env.pem")
        #expect(try await caFile(world, "-s", Self.server, "--ca-file", "/option.pem") == "/option.pem")
        #expect(try await caFile(world) == nil, "in the clear there is nothing to verify")
    }

    @Test func loginRemembersItForItsServerAlone() async throws {
        let world = World()
        _ = await world.run("login", "9876543210", "-s", Self.server, "--ca-file", "/own.pem")
        #expect(try Settings.load(from: world.configPath).caFile == "/own.pem")
        #expect(try await caFile(world) == "/own.pem")
        #expect(try await caFile(world, "-s", "https://CHAT.example:443/") == "/own.pem")
        #expect(try await caFile(world, "-s", "wss://other.example") == nil)
        // The next login says anew what holds.
        _ = await world.run("login", "9876543210", "-s", "wss://other.example")
        #expect(try Settings.load(from: world.configPath).caFile == nil)
    }

    @Test func aRelativeNameHoldsAnywhere() async throws {
        let path = try #require(try await caFile(World(), "-s", Self.server, "--ca-file", "own.pem"))
        #expect(path.hasPrefix("/") && path.hasSuffix("/own.pem"))
    }

    @Test func anOptionThatDoesNothingIsRefused() async {
        let outcome = await World().run("who", "-s", "ws://chat.example", "--ca-file", "/own.pem")
        #expect(outcome.status == .usage)
        let errors = outcome.errors.joined()
        #expect(errors.contains("--ca-file is for wss:// servers, and ws://chat.example is in the clear"))
        #expect(errors.contains("--server wss://chat.example"))
    }

    @Test func aBotsProgramTrustsTheSame() throws {
        func ownFile(_ caFile: String?) throws -> String? {
            try ProgramCommand(
                ["sh"],
                environment: RawEnvironment(["PATH": "/bin", "SCACTL_CA_FILE": "/env.pem"]),
                mobile: World.me,
                server: Self.server,
                caFile: caFile
            ).variables()["SCACTL_CA_FILE"]
        }
        #expect(try ownFile("/own.pem") == "/own.pem")
        #expect(try ownFile(nil) == "/env.pem")
    }
}
