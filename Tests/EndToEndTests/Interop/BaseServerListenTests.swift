import Foundation
import Testing

/// `scactl listen` and a base server on FastAPI and uvicorn.
@Suite(.serialized, .needsInteropPython) struct BaseServerListenTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func messagesAreStoredOnceWithIDsOfTheirOwn() async throws {
        let (_, asha, ravi) = try await stage.scene(BaseServer.start(on: stage))
        let listener = try await ravi.listen("-n", "3")
        // The same text twice is two messages.
        for text in ["one", "one", "नमस्ते\n👍🏽"] { try await asha.run("send", "--to", ravi.mobile, text) }
        let heard = try await listener.finish()
        #expect(heard.exit == .status(0))
        #expect(heard.rows["text"] == ["one", "one", "नमस्ते\n👍🏽"])
        #expect(heard.rows["from"] == Array(repeating: asha.mobile, count: 3))
        #expect(heard.rows["to"] == Array(repeating: ravi.mobile, count: 3))
        #expect(Set(heard.rows["id"]).count == 3)
        #expect(ravi.history.map(\.line) == heard.lines)
    }

    @Test func tailComesFromTheHistoryAndIsNotRepeated() async throws {
        let (_, asha, ravi) = try await stage.scene(BaseServer.start(on: stage))
        let first = try await ravi.listen("-n", "3")
        for text in ["one", "two", "three"] { try await asha.run("send", "--to", ravi.mobile, text) }
        try await first.finish()
        let second = try await ravi.listen("--tail", "2", "-n", "1")
        try await asha.run("send", "--to", ravi.mobile, "four")
        #expect(try await second.finish().rows["text"] == ["two", "three", "four"])
        #expect(ravi.history["text"] == ["one", "two", "three", "four"])
    }

    /// The server only sends lists; who came and went is worked out from them.
    @Test func presenceIsWorkedOutFromLists() async throws {
        let (server, _, ravi) = try await stage.scene(BaseServer.start(on: stage))
        let listener = try await ravi.listen("--events", "presence")
        let mina = try await stage.baseClient("9000000003", on: server.url)
        #expect(try await listener.rows(1).map(change) == ["9000000003 came"])
        let asha = try await stage.baseClient("9876543210", on: server.url)
        mina.closeInput()
        #expect(
            try await listener.rows(3).map(change) == ["9000000003 came", "9876543210 came", "9000000003 went"]
        )
        #expect(asha.exit() == nil)
    }

    @Test func timeRunsOutAsItDoesElsewhere() async throws {
        let (_, asha, ravi) = try await stage.scene(BaseServer.start(on: stage))
        // Long enough to connect on a busy machine; that has to be done in time as well.
        let listeners = [try asha.start("listen", "--timeout", "2s"), try ravi.start("listen", "--idle", "200ms")]
        for listener in listeners { #expect(try await listener.finish().exit == .status(124)) }
    }

    @Test func listenerAndSenderOutliveTheServer() async throws {
        let (server, asha, ravi) = try await stage.scene(BaseServer.lasting(on: stage))
        let listener = try await ravi.listen("--events", "message,status")
        let sender = try asha.start("send", "-l", "--to", ravi.mobile, "--retry-for", "5m", input: .open)
        sender.write("before\n")
        #expect(try await sender.rows(1)["status"] == ["routed"])
        try await server.kill()
        sender.write("meanwhile\n")
        try await listener.shows("reconnecting")
        let next = try await server.restarted(on: stage)
        sender.write("after\n")
        sender.closeInput()
        let sent = try await sender.finish(within: Interop.patience)
        #expect(sent.exit == .status(0))
        #expect(sent.rows["status"] == ["routed", "routed", "routed"])
        try await eventually("all messages") { listener.texts.count == 3 }
        #expect(listener.texts == ["before", "meanwhile", "after"])
        let states = listener.output.lines.map(Row.init).of("status")
        #expect(states.first?["state"] == "connected")
        #expect(states.contains { $0["state"] == "reconnecting" && $0.number("attempt") == 1 })
        #expect(states.last?["state"] == "reconnected")
        #expect(next.url == server.url)
    }

    private func change(_ row: Row) -> String {
        "\(row["mobile"] ?? "") \(row.truth("online") == true ? "came" : "went")"
    }
}
