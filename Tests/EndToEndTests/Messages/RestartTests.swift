import Foundation
import Testing

/// What becomes of messages and sessions when the server goes away and comes back.
@Suite(.serialized) struct RestartTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test(arguments: [SIGKILL, SIGTERM])
    func thousandLinesAreStoredOnceThoughTheServerIsRestarted(_ number: Int32) async throws {
        let server = try await stage.lastingServer()
        let asha = try stage.person("9876543210", on: server)
        let ravi = try stage.person("9123456780", on: server)
        let listener = try await ravi.listen()
        let sender = try asha.start("send", "-l", "--retry-for", "5m", "--to", ravi.mobile, input: .open)
        let lines = (1...1000).map { "line \($0)" }
        sender.write(lines[..<400].joined(separator: "\n") + "\n")
        try await sender.lines(100)
        // So that it goes in the middle of a burst.
        sender.write(lines[400..<600].joined(separator: "\n") + "\n")
        server.program.signal(number)
        try await server.program.finish()
        sender.write(lines[600...].joined(separator: "\n") + "\n")
        sender.closeInput()
        let again = try await server.restarted(on: stage)

        let answer = try await sender.finish(within: .seconds(300))
        #expect(answer.exit == .status(0), "\(answer.errors)")
        #expect(answer.rows["status"] == Array(repeating: "stored", count: 1000))
        #expect(Set(answer.rows["id"]).count == 1000)
        #expect(ravi.history["text"].sorted() == lines.sorted())
        #expect(Set(ravi.history["id"]) == Set(answer.rows["id"]))
        #expect(try await listener.lines(1000).count == 1000)
        #expect(again.program.exit() == nil)
    }

    @Test func messageWaitsForAServerThatComesLater() async throws {
        let server = try await stage.lastingServer()
        let asha = try stage.person("9876543210", on: server)
        let ravi = try stage.person("9123456780", on: server)
        try await server.kill()
        let sender = try asha.start("send", "-v", "--retry-for", "5m", "--to", ravi.mobile, "at last")
        try await sender.said("connecting to")
        _ = try await server.restarted(on: stage)
        let listener = try await ravi.listen()
        let answer = try await sender.finish()
        #expect(answer.exit == .status(0), "\(answer.errors)")
        #expect(answer.rows["status"] == ["stored"])
        #expect(try await listener.rows(1)["text"] == ["at last"])
    }

    @Test(arguments: [SIGKILL, SIGTERM])
    func listenerComesBackAndSaysSo(_ number: Int32) async throws {
        let server = try await stage.lastingServer()
        let asha = try stage.person("9876543210", on: server)
        let ravi = try stage.person("9123456780", on: server)
        let listener = try await ravi.listen("--events", "message,status")
        server.program.signal(number)
        try await server.program.finish()
        try await listener.rows(2)
        _ = try await server.restarted(on: stage)
        try await asha.sees(ravi)
        try await asha.run("send", "--to", ravi.mobile, "are you back?")

        let rows = try await eventually("the message") {
            let rows = listener.output.lines.map(Row.init)
            return rows.of("message").isEmpty ? nil : rows
        }
        let states = rows.of("status")["state"]
        #expect(states.first == "connected")
        #expect(states.last == "reconnected")
        #expect(states.dropFirst().dropLast().allSatisfy { $0 == "reconnecting" })
        #expect(rows.of("status").compactMap { $0.number("attempt") } == Array(1...(states.count - 2)))
        #expect((rows.of("status").last?.number("gap_ms") ?? -1) >= 0)
        #expect(rows.last?["text"] == "are you back?")
        #expect(listener.errors.text.contains("connected again") == false)
    }

    @Test func watchGoesOnAfterARestart() async throws {
        let server = try await stage.lastingServer()
        let asha = try stage.person("9876543210", on: server)
        let ravi = try stage.person("9123456780", on: server)
        let watcher = try asha.start("who", "--watch", ravi.mobile)
        #expect(try await watcher.rows(1).last?.truth("online") == false)
        let listener = try await ravi.listen()
        #expect(try await watcher.rows(2).last?.truth("online") == true)
        try await server.kill()
        try await listener.said("trying again")
        listener.signal(SIGTERM)
        try await listener.finish()
        _ = try await server.restarted(on: stage)
        #expect(try await watcher.rows(3).last?.truth("online") == false)
    }
}
