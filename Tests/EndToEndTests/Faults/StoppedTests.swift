import Foundation
import Testing

/// Programs that the system does not let run for a while (SIGSTOP, then SIGCONT): a laptop that sleeps, a machine that swaps,
/// somebody's Ctrl-Z. Longer than the server's patience too, which is 5 s here.
@Suite(.serialized) struct StoppedTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func receiverThatSleptTooLongIsOfflineAndComesBack() async throws {
        let (_, asha, ravi) = try await patientScene()
        let listener = try await ravi.listen()
        try await listener.stop()
        // Nobody is told that it arrived.
        let meanwhile = try await asha.run("send", "--timeout", "2s", "--to", ravi.mobile, "are you there?")
        #expect(meanwhile.exit == .status(124))
        #expect(meanwhile.rows["status"] == ["timeout"])
        try await asha.misses(ravi)
        #expect(try await asha.run("send", "--to", ravi.mobile, "hello?").rows["status"] == ["offline"])
        let waiting = try asha.start("send", "-v", "--retry-for", "60s", "--to", ravi.mobile, "wake up")
        try await waiting.said("connected:")
        listener.signal(SIGCONT)
        try await listener.said("trying again")
        try await listener.said("connected again")
        let answer = try await waiting.finish()
        #expect(answer.rows["status"] == ["stored"])
        // The first one lay in its socket all the time, and is read before its end is.
        try await eventually("what came while it slept") { ravi.history.count == 2 }
        #expect(ravi.history["text"] == ["are you there?", "wake up"])
        try await ravi.expectTruth(of: meanwhile.rows + answer.rows)
        #expect(listener.output.lines.map(Row.init)["text"] == ["are you there?", "wake up"])
    }

    @Test func senderThatSleptTooLongLosesNothing() async throws {
        let (_, asha, ravi) = try await patientScene()
        let listener = try await ravi.listen()
        let lines = (1...600).map { "line \($0)" }
        let sender = try asha.start("send", "-l", "--retry-for", "60s", "--to", ravi.mobile, input: .open)
        sender.write(lines[..<300].joined(separator: "\n") + "\n")
        try await sender.lines(20)
        try await sender.stop()
        try await eventually("the server to miss it") { try await asha.connections() == 1 }
        sender.signal(SIGCONT)
        sender.write(lines[300...].joined(separator: "\n") + "\n")
        sender.closeInput()
        let answer = try await sender.finish(within: .seconds(240))
        #expect(answer.exit == .status(0), "\(answer.errors)")
        #expect(answer.rows["status"] == Array(repeating: "stored", count: 600))
        try await ravi.expectTruth(of: answer.rows)
        #expect(ravi.history["text"].sorted() == lines.sorted())
        #expect(try await listener.lines(600).count == 600)
    }

    @Test func serverThatSleptTooLongLosesNothing() async throws {
        let (server, asha, ravi) = try await patientScene()
        let listener = try await ravi.listen()
        let lines = (1...600).map { "line \($0)" }
        let sender = try asha.start("send", "-l", "--retry-for", "60s", "--to", ravi.mobile, input: .open)
        sender.write(lines[..<300].joined(separator: "\n") + "\n")
        try await sender.lines(20)
        try await server.program.stop()
        sender.write(lines[300...].joined(separator: "\n") + "\n")
        sender.closeInput()
        let start = ContinuousClock.now
        try await eventually("more than its own patience") { ContinuousClock.now - start > .seconds(7) }
        #expect(try await asha.run("health", "--timeout", "200ms").exit != .status(0))
        server.program.signal(SIGCONT)
        let answer = try await sender.finish(within: .seconds(240))
        #expect(answer.exit == .status(0), "\(answer.errors)")
        #expect(answer.rows["status"] == Array(repeating: "stored", count: 600))
        try await ravi.expectTruth(of: answer.rows)
        #expect(ravi.history["text"].sorted() == lines.sorted())
        #expect(try await listener.lines(600).count == 600)
    }

    @Test(arguments: ["server", "sender", "receiver"])
    func napWithinThePatienceIsNotEvenNoticed(_ victim: String) async throws {
        let (server, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let sender = try asha.start("send", "-l", "--to", ravi.mobile, input: .open)
        sender.write("before\n")
        try await sender.lines(1)
        let sleeper = victim == "server" ? server.program : victim == "sender" ? sender : listener
        try await sleeper.stop()
        sender.write("meanwhile\n")
        let start = ContinuousClock.now
        try await eventually("a nap") { ContinuousClock.now - start > .seconds(1) }
        #expect(sender.output.lines.count == 1)
        sleeper.signal(SIGCONT)
        sender.closeInput()
        let answer = try await sender.finish()
        #expect(answer.rows["status"] == ["stored", "stored"])
        #expect(answer.errors.isEmpty)
        try await ravi.expectTruth(of: answer.rows)
        #expect(!listener.errors.text.contains("trying again"))
    }

    private func patientScene() async throws -> (server: Server, asha: Person, ravi: Person) {
        try await stage.scene("--ping-timeout", "5s", "--cleanup-interval", "100ms")
    }
}

extension Person {
    /// How many sessions the server has.
    func connections() async throws -> Int? { try await run("health").rows.first?.number("connections") }
}
