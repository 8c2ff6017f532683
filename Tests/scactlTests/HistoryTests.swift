import Glibc
import SCACore
import Testing

@testable import scactl

@Suite(.timeLimit(.minutes(10))) struct HistoryTests {
    /// Ids of the messages in rows.
    private func ids(_ rows: [String]) -> [String] { rows.map { String($0.split(separator: "\"")[7]) } }

    private func world() throws -> World {
        let world = World()
        let hour: Int64 = 3_600_000
        try world.store(
            .example("a", text: "Kiitos", ts: World.now - 3 * hour),
            .example("b", text: "two\nlines", ts: World.now - 2 * hour, direction: .out, status: .stored),
            .example("c", text: "kiitos paljon", ts: World.now - hour, peer: World.other),
            .example("d", text: "last", ts: World.now)
        )
        return world
    }

    @Test func rowsAreTheLinesOfTheFileOldestFirst() async throws {
        let world = try world()
        #expect(await world.run("history").rows == world.history)
    }

    @Test(arguments: [
        (["-n", "2"], ["c", "d"]), (["-n", "0"], []), (["--peer", "9812345678"], ["a", "b", "d"]),
        (["--peer", "9812345678,9000000001", "-n", "2"], ["c", "d"]), (["--dir", "out"], ["b"]),
        (["--dir", "in"], ["a", "c", "d"]), (["--grep", "kiitos"], ["c"]), (["--grep", "kiitos", "-i"], ["a", "c"]),
        (["--since", "90m"], ["c", "d"]), (["--until", "90m"], ["a", "b"]),
        (["--since", "2026-11-22T12:00", "--until", "2026-11-22T14:00Z"], ["b", "c"]),
        (["--since", "2026-11-23"], []),
    ])
    func optionsSayWhichRows(_ options: [String], _ expected: [String]) async throws {
        let world = try world()
        #expect(await Scactl.run(["history"] + options, in: world.context) == .done)
        #expect(ids(world.output.lines) == expected)
    }

    @Test func grepThatFindsNothingIsANo() async throws {
        let outcome = await (try world()).run("history", "--grep", "nowhere")
        #expect(outcome.status == .no && outcome.rows.isEmpty && outcome.errors.isEmpty)
    }

    @Test func noFileYetIsAnEmptyList() async {
        let outcome = await World().run("history")
        #expect(outcome.status == .done && outcome.rows.isEmpty)
    }

    @Test func itNeedsAMobileAndNoServer() async {
        var world = World()
        world.environment["SCACTL_MOBILE"] = nil
        #expect(await world.run("history").status == .notAdmitted)
        #expect(world.network.made.isEmpty)
    }

    @Test func pathPrintsTheFilesPathAlone() async {
        let world = World()
        #expect(await world.run("history", "--path").rows == [world.historyPath])
    }

    @Test func followingPrintsWhatIsStoredLaterOnceAndMatching() async throws {
        let world = try world()
        async let outcome = world.run("history", "-n", "1", "--peer", "9812345678", "-f", "--timeout", "1h")
        await world.output.reaches(1)
        try world.store(.example("x", peer: World.other), .example("y"))
        await world.output.reaches(2)
        #expect(ids(world.output.lines) == ["d", "y"])
        world.output.fail(with: .readerGone)
        try world.store(.example("z"))
        #expect(await outcome.status == .signal(13))
    }

    @Test func followingEndsWhenTimeRunsOut() async throws {
        var world = try world()
        world.sleep = { _ in }
        #expect(await world.run("history", "-f", "--timeout", "1s").status == .timedOut)
    }

    @Test func aHistoryThatIsNoFileIs74() async throws {
        var world = World()
        world.environment["XDG_DATA_HOME"] = "/dev/null"
        #expect(await world.run("history").status == .io)
    }

    @Test func linesThatAreNoRowsAreCounted() async throws {
        let world = try world()
        let file = open(world.historyPath, O_WRONLY | O_APPEND)
        _ = write(file, "{}\nnot json\n", 12)
        close(file)
        let outcome = await world.run("history")
        #expect(outcome.rows.count == 4)
        #expect(outcome.errors == ["scactl: 2 lines of \(world.historyPath) could not be read"])
    }

    @Test func aTornEndIsSaidAndWhatIsWholeIsShown() async throws {
        let world = World()
        try world.store(.example("a"))
        let file = open(world.historyPath, O_WRONLY | O_APPEND)
        _ = write(file, "{\"torn", 6)
        close(file)
        let outcome = await world.run("history")
        #expect(outcome.rows.count == 1)
        let sentence = "\(world.historyPath) ends in a torn line (6 bytes); the next message sets it aside"
        #expect(outcome.errors == ["scactl: \(sentence)"])
    }

    @Test(arguments: [
        ["-n", "all"], ["--since", "yesterday"], ["--until", "2026-02-30"], ["--dir", "up"], ["-i"], ["--peer", "12"],
    ])
    func whatMakesNoSenseIs64(_ options: [String]) async {
        #expect(await Scactl.run(["history"] + options, in: World().context) == .usage)
    }
}
