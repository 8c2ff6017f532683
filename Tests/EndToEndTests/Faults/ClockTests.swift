import Foundation
import Testing

/// Clocks that jump while people talk: the time of day, as when a machine is set right, and the clock that counts through a
/// suspended machine, as when a laptop wakes up.
@Suite(.serialized) struct ClockTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test(arguments: [86_400, -86_400])
    func dayThatIsSetForwardOrBackHarmsNothing(_ seconds: Int) async throws {
        let scene = try await scene()
        let (asha, ravi) = (scene.asha, scene.ravi)
        let sender = try asha.start("send", "-l", "--to", ravi.mobile, input: .open)
        sender.write("before\n")
        try await sender.lines(1)

        try scene.clock.set(dayBy: seconds)
        sender.write("after\n")
        let rows = try await sender.rows(2)
        // The time of a row is the time of day; how long it took is not.
        let times = ravi.history.compactMap { $0.number("ts") }
        #expect(times.count == 2)
        let jump = (times.last ?? 0) - (times.first ?? 0)
        #expect(abs(jump - seconds * 1000) < 3_600_000)
        #expect(rows.allSatisfy { (0..<60_000).contains($0.number("ms") ?? -1) })

        // Heartbeats go on: who pings is not closed, and who is silent is.
        let silent = try await RawSession.open(["9000000003"], port: scene.port)
        #expect(try await blocking { silent[0].closeCode() } == 4000)
        sender.write("much later\n")
        sender.closeInput()
        let answer = try await sender.finish()
        #expect(answer.rows["status"] == ["stored", "stored", "stored"])
        #expect(answer.errors.isEmpty)
        #expect(!scene.listener.errors.text.contains("trying again"))
        // In the order in which it came, whatever the clock said.
        #expect(ravi.history["text"] == ["before", "after", "much later"])
        try await ravi.expectTruth(of: answer.rows)
        #expect(try await ravi.run("history", "-n", "2").rows["text"] == ["after", "much later"])
        let lately = try await ravi.run("history", "--since", "1h").rows["text"]
        #expect(lately == (seconds > 0 ? ["after", "much later"] : ["before", "after", "much later"]))
    }

    @Test func peopleWhoseMachineWakesUpComeBackAndLoseNothing() async throws {
        let scene = try await scene()
        let (asha, ravi) = (scene.asha, scene.ravi)
        let sender = try asha.start("send", "-l", "--retry-for", "60s", "--to", ravi.mobile, input: .open)
        sender.write("before\n")
        try await sender.lines(1)
        // An hour, in which no program ran: no timer was due.
        try scene.clock.set(dayBy: 3600, sleptFor: 3600)
        for program in [scene.listener, sender] {
            try await program.said("trying again")
            try await program.said("connected again")
        }
        sender.write("after\n")
        sender.closeInput()
        let answer = try await sender.finish()
        #expect(answer.exit == .status(0), "\(answer.errors)")
        #expect(answer.rows["status"] == ["stored", "stored"])
        try await ravi.expectTruth(of: answer.rows)
        #expect(ravi.history["text"] == ["before", "after"])
    }

    private struct Scene {
        let clock: FakeClock
        let port: Int
        let asha: Person
        let ravi: Person
        let listener: Program
    }

    private func scene() async throws -> Scene {
        let clock = try await FakeClock(on: stage)
        let options = ["--port", "0", "--ping-timeout", "10s", "--cleanup-interval", "100ms"]
        let server = try stage.start("scad", options, environment: clock.environment)
        let line = try await server.said("listening on ws://")
        let match = try #require(line.firstMatch(of: /ws:\/\/127\.0\.0\.1:(\d+)/))
        let url = String(match.output.0)
        var (asha, ravi) = (try Person("9876543210", url, on: stage), try Person("9123456780", url, on: stage))
        asha.environment.merge(clock.environment) { $1 }
        ravi.environment.merge(clock.environment) { $1 }
        let listener = try await ravi.listen()
        return Scene(clock: clock, port: Int(match.output.1) ?? 0, asha: asha, ravi: ravi, listener: listener)
    }
}

/// Clocks that a test sets under the programs that it starts, by the library of `Tests/Fixtures/clock.c`.
struct FakeClock {
    let environment: [String: String]
    private let file: String

    /// Compiles the library, with the C compiler that comes with Swift.
    init(on stage: Stage) async throws {
        let source = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Fixtures/clock.c").standardizedFileURL.path
        let library = "\(stage.folder)/clock.so"
        let words = ["clang", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source]
        let compiling = try await stage.start("/usr/bin/env", words).finish(within: .seconds(240))
        guard compiling.exit == .status(0) else { throw Failure("clock.c: \(compiling.errors)") }
        file = "\(stage.folder)/clock"
        environment = ["LD_PRELOAD": library, "SCA_TEST_CLOCK": file]
        try Data(count: 16).write(to: URL(filePath: file))
    }

    /// Sets the clocks, in seconds from the true time.
    func set(dayBy day: Int, sleptFor sleep: Int = 0) throws {
        // In place: the programs have it mapped.
        let handle = try FileHandle(forWritingTo: URL(filePath: file))
        let bytes = [Int64(day), Int64(sleep)].withUnsafeBytes { Data($0) }
        try handle.write(contentsOf: bytes)
        try handle.close()
    }
}
