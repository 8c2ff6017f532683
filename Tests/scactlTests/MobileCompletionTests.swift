import FoundationEssentials
import SCACore
import Testing

@testable import scactl

/// What Tab offers at a shell. That the shells really ask for it is in `EndToEndTests/Installed`.
@Suite(.timeLimit(.minutes(10))) struct MobileCompletionTests {
    private func peers(_ prefix: String, in world: World, words: String...) -> [String] {
        MobileCompletion(words: ["scactl"] + words, environment: world.environment).peers(completing: prefix)
    }

    private func world() throws -> World {
        let world = World()
        try world.store(.example("a", peer: World.other), .example("b", peer: World.peer))
        return world
    }

    @Test func peersOfTheCurrentMobileAreOfferedNewestFirst() throws {
        let world = try world()
        #expect(peers("", in: world) == ["9812345678", "9000000001"])
        #expect(peers("90", in: world) == ["9000000001"])
        #expect(peers("5", in: world) == [])
    }

    @Test func afterACommaTheNextOneIsOfferedAndNoneTwice() throws {
        #expect(peers("9812345678,", in: try world()) == ["9812345678,9000000001"])
        #expect(peers("9812345678,9000000001,", in: try world()) == [])
    }

    @Test(arguments: [["-m", "9876543210"], ["-m9876543210"], ["--mobile", "9876543210"], ["--mobile=9876543210"]])
    func theMobileOfTheCommandLineCountsFirst(_ option: [String]) throws {
        var world = try world()
        world.environment["SCACTL_MOBILE"] = World.other.description
        #expect(peers("", in: world) == [])
        let completion = MobileCompletion(words: ["scactl", "send"] + option, environment: world.environment)
        #expect(completion.peers(completing: "") == ["9812345678", "9000000001"])
    }

    @Test func withoutAnythingElseItIsTheOneThatLoggedIn() throws {
        var world = try world()
        world.environment["SCACTL_MOBILE"] = ""
        #expect(peers("", in: world) == [])
        try Settings(mobile: World.me).save(to: world.configPath)
        #expect(peers("", in: world) == ["9812345678", "9000000001"])
    }

    @Test func ownMobilesAreTheLoginAndThoseWithAFolder() throws {
        let world = try world()
        try Settings(mobile: World.peer).save(to: world.configPath)
        for name in ["9000000001", "notes"] {
            try FileManager.default.createDirectory(
                atPath: "\(world.folder)/data/sca/\(name)",
                withIntermediateDirectories: true
            )
        }
        let own = MobileCompletion(words: [], environment: world.environment).own()
        #expect(own == [World.peer, World.other, World.me])
        #expect(MobileCompletion(words: [], environment: [:]).own() == [])
    }

    @Test func aQuestionOfAnotherVersionGetsNothingAndNoComplaint() async {
        for question in [["nosuch", "--", "--to", "2", "0"], ["send", "--", "--nosuch", "2", "0"], ["send"], []] {
            let world = World()
            #expect(await Scactl.run(["---completion"] + question, in: world.context) == .done)
            #expect(world.output.lines.isEmpty && world.errors.lines.isEmpty)
        }
    }

    @Test(arguments: [("bash", "_scactl() {"), ("zsh", "#compdef scactl"), ("fish", "complete -c 'scactl'")])
    func theScriptIsForTheShellThatIsNamedOrElseTheUsersOwn(_ shell: String, _ line: String) async {
        let script = await World().run("completions", shell).rows
        #expect(script[0].contains(line))
        for command in ["login", "history", "completions"] { #expect(script[0].contains(command)) }
        var world = World()
        world.environment["SHELL"] = "/usr/local/bin/\(shell)"
        #expect(await world.run("completions").rows == script)
    }

    @Test(arguments: [
        (["tcsh"], "/bin/bash", #"found \"tcsh\""#), ([""], "/bin/bash", #"found \"\""#),
        ([], "/bin/tcsh", #"SHELL is \"/bin/tcsh\""#), ([], "", "SHELL does not say"), ([], "/", #"SHELL is \"/\""#),
    ])
    func anotherShellIsRefusedByNamingTheThree(_ arguments: [String], _ shell: String, _ said: String) async {
        var world = World()
        world.environment["SHELL"] = shell
        #expect(await Scactl.run(["completions"] + arguments, in: world.context) == .usage)
        #expect(world.output.lines.isEmpty && world.errors.lines.count == 1)
        for word in ["bash", "zsh", "fish"] { #expect(world.errors.lines[0].contains(word)) }
        #expect(world.errors.lines[0].contains(said))
    }
}
