import FoundationEssentials
import SCAClient
import SCACore
import Testing

@testable import scactl

/// The first things that a beginner types.
@Suite(.timeLimit(.minutes(10))) struct WelcomeTests {
    private func stranger() -> World {
        var world = World()
        world.environment["SCACTL_MOBILE"] = nil
        return world
    }

    /// What stands on lines of its own, to be typed.
    private func commands(_ text: String?) -> [Substring] {
        (text ?? "").split(separator: "\n").filter { $0.hasPrefix("  ") }.map { $0.dropFirst(2) }
    }

    @Test func whoeverIsNotLoggedInIsToldHow() async {
        let outcome = await stranger().run()
        #expect(outcome.status == .done && outcome.errors.isEmpty)
        #expect(
            commands(outcome.rows.first) == [
                "scactl login 9876543210", "scactl login 9876543210 -s URL", "scad", "scactl doctor",
            ]
        )
    }

    @Test func whoeverIsLoggedInIsToldWhatCanBeDoneAndNoServerIsAsked() async throws {
        let world = stranger()
        try Settings(mobile: World.peer, server: "wss://chat.example").save(to: world.configPath)
        let outcome = await world.run()
        #expect(outcome.status == .done && outcome.errors.isEmpty)
        #expect(outcome.rows.first?.hasPrefix("You are 9812345678\nat wss://chat.example\n") == true)
        #expect(
            commands(outcome.rows.first) == [
                "scactl who", "scactl send --to MOBILE hi", "scactl chat MOBILE", "scactl doctor",
            ]
        )
        #expect(world.network.made.isEmpty)
    }

    @Test func everyCommandThatIsNamedExists() async {
        let known = Set(Scactl.configuration.subcommands.compactMap { $0.configuration.commandName })
        for world in [World(), stranger()] {
            for command in commands(await world.run().rows.first) where command.hasPrefix("scactl ") {
                #expect(known.contains(String(command.split(separator: " ")[1])), "\(command)")
            }
        }
    }

    @Test func settingsThatCannotBeUsedAreNotInTheWay() async throws {
        let world = stranger()
        try Settings(mobile: World.me).save(to: world.configPath)
        try Data("nonsense".utf8).write(to: URL(filePath: world.configPath))
        #expect(await world.run().status == .done)
    }

    @Test func loginAloneExplainsItself() async {
        let outcome = await stranger().run("-o", "text", "login")
        #expect(outcome.status == .usage)
        #expect(outcome.errors.first?.contains("10 to 32 digits") == true)
        #expect(outcome.errors.first?.hasSuffix("\n  try: scactl login 9876543210, with your own digits") == true)
    }

    @Test func theFirstLoginAtATerminalSaysWhatIsNext() async {
        var world = stranger()
        world.terminals = Terminals(input: true, output: true, errors: true)
        world.environment["TERM"] = "dumb"
        let outcome = await world.run("login", "9812345678")
        #expect(outcome.rows == ["✓ logged in: 9812345678 at ws://127.0.0.1:8080 (sca.v2)"])
        #expect(outcome.errors.count == 1 && outcome.errors[0].contains("scactl who"))
        #expect(await world.run("login", "9812345678").errors.count == 1)
    }

    @Test func inAPipeALoginIsARowAndNothingElse() async {
        let outcome = await stranger().run("login", "9812345678")
        #expect(outcome.rows.count == 1 && outcome.errors.isEmpty)
    }
}
