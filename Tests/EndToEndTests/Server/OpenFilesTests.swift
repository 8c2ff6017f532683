import Foundation
import Testing

/// A server that has no file descriptors left.
@Suite(.serialized) struct OpenFilesTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test(arguments: [6, 9, 12])
    func serverThatHasNoFilesToStartWithSaysSo(files: Int) async throws {
        let program = try stage.start("/bin/sh", ["-c", "ulimit -n \(files); exec scad --port 0"])
        let answer = try await program.finish()
        #expect(answer.exit == .status(69))
        #expect(answer.errors.contains("no file descriptors left"))
    }

    /// With files in reserve it never comes to that: who does not fit is told so.
    @Test func serverKeepsFilesToSayNoWith() async throws {
        let server = try await Server.start(on: stage, files: 64)
        let (asha, ravi) = (
            try stage.person("9876543210", on: server), try stage.person("9123456780", on: server)
        )
        let listener = try await ravi.listen()
        let crowd = try (0..<80).map { try RawSession(String(9_000_000_000 + $0), on: server) }
        try await server.program.said("reason=connections")
        let refused = try await blocking {
            crowd.filter { session in
                do {
                    try session.open()
                    return false
                } catch { return true }
            }.count
        }
        #expect((40..<80).contains(refused), "a quarter of 64 is kept")
        let late = try await asha.run("send", "--to", ravi.mobile, "hi")
        #expect(late.exit == .status(69))
        #expect(!server.program.errors.lines.contains { $0.contains("no file descriptors left") })
        withExtendedLifetime(crowd) {}
        #expect(listener.exit() == nil)
        #expect(try await server.stop().exit == .status(0))
    }

    @Test func serverWithoutFilesSaysSoWaitsAndGoesOn() async throws {
        let server = try await Server.start(on: stage, files: 64, "--file-reserve 0")
        let (asha, ravi) = (
            try stage.person("9876543210", on: server), try stage.person("9123456780", on: server)
        )
        let listener = try await ravi.listen()
        let sender = try asha.start("send", "-l", "--to", ravi.mobile, input: .open)
        sender.write("before\n")
        #expect(try await sender.rows(1)["status"] == ["stored"])

        var waiting = try (0..<80).map { try RawSession(String(9_000_000_000 + $0), on: server) }
        try await server.program.said("no file descriptors left")
        let start = ContinuousClock.now
        let before = try server.processorSeconds()
        // Those who are in notice nothing; ten round trips, each as long as it takes.
        for count in 2...11 {
            sender.write("message \(count)\n")
            #expect(try await sender.rows(count).last?["status"] == "stored")
        }
        try await eventually("3 seconds of waiting") { ContinuousClock.now - start > .seconds(3) }
        let spent = try server.processorSeconds() - before
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        // One that spins takes all of a processor.
        #expect(spent < elapsed / 4, "\(spent) s of processor time in \(elapsed) s")
        let complaints = server.program.errors.lines.filter { $0.contains("no file descriptors left") }
        #expect(complaints.count <= 1 + Int(elapsed / 10))

        waiting.removeAll()
        let newcomer = try stage.person("9000000099", on: server)
        let late = try await newcomer.listen()
        try await asha.sees(newcomer)
        sender.closeInput()
        #expect(try await sender.finish().exit == .status(0))
        #expect(try await listener.rows(11).count == 11)
        #expect(late.exit() == nil)
        #expect(try await server.stop().exit == .status(0))
    }
}
