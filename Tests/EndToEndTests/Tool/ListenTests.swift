import Foundation
import Testing

/// The options of `listen`.
@Suite(.serialized) struct ListenTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func tailThenLiveHasNoGapAndNoRepeat() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let lines = (1...2000).map { "line \($0)" }
        let first = try await ravi.listen("-n", "200")
        try await asha.run("send", "-l", "--to", ravi.mobile, input: .text(lines[..<200].joined(separator: "\n")))
        try await first.finish()
        try await asha.misses(ravi)
        // These come the moment that the second one is online, while it reads what the first one stored.
        let rest = Input.text(lines[200...].joined(separator: "\n"))
        let sender = try asha.start("send", "-v", "-l", "--retry-for", "5m", "--to", ravi.mobile, input: rest)
        try await sender.said("connected:")
        let second = try await ravi.listen("--tail", "100")
        #expect(try await sender.finish().exit == .status(0))
        let texts = try await eventually("the last line") {
            let texts = second.output.lines.map(Row.init)["text"]
            return texts.count >= 1900 ? texts : nil
        }
        // Of those that were under way when the second one came online, the first had been refused, and come again behind the others.
        let numbers = texts.compactMap { Int($0.dropFirst(5)) }
        #expect(numbers.sorted() == Array((2001 - numbers.count)...2000))
        #expect(ravi.history["text"].sorted() == lines.sorted())
    }

    @Test func tailHasWhatASiblingIsStillStoring() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let storing = try await ravi.listen()
        let lines = (1...3000).map { "line \($0)" }
        let sender = try asha.start("send", "-l", "--to", ravi.mobile, input: .open)
        sender.write(lines[..<1000].joined(separator: "\n") + "\n")
        try await sender.lines(1000)
        // From here on it comes while the second one starts.
        sender.write(lines[1000...].joined(separator: "\n") + "\n")
        let tailing = try ravi.start("listen", "--tail", "100")
        sender.closeInput()
        #expect(try await sender.finish().exit == .status(0))
        let texts = try await eventually("the last line") {
            let texts = tailing.output.lines.map(Row.init)["text"]
            let first = texts.compactMap { Int($0.dropFirst(5)) }.min() ?? 0
            return texts.count >= 3001 - first && texts.contains("line 3000") ? texts : nil
        }
        #expect(texts.count >= 100)
        // What the sibling stores late may come behind what came live, but nothing is missing and nothing comes twice.
        let numbers = texts.compactMap { Int($0.dropFirst(5)) }.sorted()
        #expect(numbers == Array((3001 - numbers.count)...3000))
        #expect(storing.exit() == nil)
        #expect(ravi.history["text"] == lines)
    }

    @Test func countEndsItAndLeavesTheRestUnprinted() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen("-n", "3")
        try await asha.run("send", "-l", "--to", ravi.mobile, input: .text("1\n2\n3\n4\n5\n"))
        let answer = try await listener.finish()
        #expect(answer.exit == .status(0))
        #expect(answer.rows["text"] == ["1", "2", "3"])
    }

    @Test func tailDoesNotCount() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let first = try await ravi.listen("-n", "2")
        try await asha.run("send", "-l", "--to", ravi.mobile, input: .text("1\n2\n"))
        try await first.finish()
        let second = try await ravi.listen("--tail", "5", "-n", "1")
        try await asha.run("send", "--to", ravi.mobile, "3")
        #expect(try await second.finish().rows["text"] == ["1", "2", "3"])
    }

    @Test func idleCountsFromTheLastMessage() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen("--idle", "8s")
        try await asha.run("send", "--to", ravi.mobile, "still here")
        let answer = try await listener.finish()
        #expect(answer.exit == .status(124))
        #expect(answer.rows["text"] == ["still here"])
    }

    @Test func fromLetsOnlyTheseThroughAndStoresAll() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let mina = try stage.person("9000000003", on: server)
        let listener = try await ravi.listen("--from", mina.mobile, "-n", "1")
        #expect(try await asha.run("send", "--to", ravi.mobile, "from Asha").rows["status"] == ["stored"])
        try await mina.run("send", "--to", ravi.mobile, "from Mina")
        #expect(try await listener.finish().rows["text"] == ["from Mina"])
        #expect(ravi.history["text"] == ["from Asha", "from Mina"])
    }

    @Test func noStoreLeavesNoFileAndPromisesNothing() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen("--no-store")
        let answer = try await asha.run("send", "--to", ravi.mobile, "in passing")
        #expect(answer.exit == .status(0))
        #expect(answer.rows["status"] == ["routed"])
        #expect(try await listener.rows(1)["text"] == ["in passing"])
        #expect(!FileManager.default.fileExists(atPath: ravi.historyFile))
        // The same as the server tells it.
        let raw = try await RawSession.open(["9000000003"], on: server)[0]
        raw.say(#"{"type":"message","to":"\#(ravi.mobile)","text":"x","id":"1"}"#)
        let ack = #""sessions":1,"receipts":0"#
        #expect(try await blocking { raw.hears(ack) })
    }

    @Test func presenceAndStatusComeAsRows() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await asha.listen("--events", "presence,status")
        #expect(try await listener.rows(1)["state"] == ["connected"])
        let other = try await ravi.listen()
        try await eventually("Ravi to come") {
            listener.output.lines.map(Row.init).contains { $0["mobile"] == ravi.mobile }
        }
        try await ravi.run("send", "--to", asha.mobile, "not to be printed")
        other.signal(SIGTERM)
        try await other.finish()
        try await eventually("Ravi to go") {
            listener.output.lines.map(Row.init).last?.truth("online") == false
        }
        let rows = listener.output.lines.map(Row.init)
        #expect(rows.of("presence").filter { $0["mobile"] == ravi.mobile }.map { $0.truth("online") } == [true, false])
        #expect(rows.of("message").isEmpty)
        #expect(asha.history["text"] == ["not to be printed"])
    }

    @Test func firstConnectionThatFailsIsNotTriedAgain() async throws {
        let ravi = try stage.person("9123456780", on: nil)
        let answer = try await ravi.run("listen", "--events", "status", "-s", "ws://127.0.0.1:1")
        #expect(answer.exit == .status(69))
        #expect(answer.output.isEmpty)
    }
}
