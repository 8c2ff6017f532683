import Foundation
import Testing

/// A history that somebody else has been at: cut, filled with garbage, taken away; and two processes that write to it.
@Suite(.serialized) struct HistoryFaultTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func garbageInTheMiddleIsSkippedAndKept() async throws {
        let (_, asha, ravi) = try await stage.scene()
        var sent = try await exchange(asha, ravi, "before")
        let garbage = Data([0xFF, 0x00, 0x7B, 0x0A]) + Data("{\"type\":\"message\"\nnot a row\n\n".utf8)
        try append(garbage, to: ravi.historyFile)
        sent += try await exchange(asha, ravi, "after")
        let reading = try await ravi.run("history")
        #expect(reading.exit == .status(0))
        #expect(reading.rows["text"] == ["before", "after"])
        #expect(reading.errors.contains("could not be read"))
        #expect(try Data(contentsOf: URL(filePath: ravi.historyFile)).range(of: garbage) != nil)
        // The rows of the file that are none have no id.
        #expect(Set(sent["id"]) == Set(ravi.history["id"]))
    }

    @Test func garbageWithoutAnEndIsSetAside() async throws {
        let (_, asha, ravi) = try await stage.scene()
        var sent = try await exchange(asha, ravi, "before")
        let garbage = Data((0..<100_000).map { _ in UInt8.random(in: 0x80...0xFF) })
        try append(garbage, to: ravi.historyFile)
        sent += try await exchange(asha, ravi, "after")
        try await ravi.expectTruth(of: sent)
        #expect(ravi.history["text"] == ["before", "after"])
        let folder = (ravi.historyFile as NSString).deletingLastPathComponent
        let aside = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains(".torn-") }
        #expect(try aside.map { try Data(contentsOf: URL(filePath: "\(folder)/\($0)")) } == [garbage])
    }

    /// Emptied, and cut in the middle of a row, while it is being written to.
    @Test(arguments: [0, 150])
    func fileThatIsCutUnderAListenerTakesWhatComesThen(_ size: Int) async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listeners = [try await ravi.listen(), try await ravi.listen()]
        let sender = try asha.start("send", "-l", "--to", ravi.mobile, input: .open)
        sender.write((1...100).map { "before \($0)\n" }.joined())
        try await sender.lines(100)
        try await eventually("both to have all") { listeners.allSatisfy { $0.output.lines.count == 100 } }
        #expect(truncate(ravi.historyFile, off_t(size)) == 0)
        sender.write((1...100).map { "after \($0)\n" }.joined())
        sender.closeInput()
        let answer = try await sender.finish()
        #expect(answer.rows["status"] == Array(repeating: "stored", count: 200))
        // What came after the cut is there, whole and once, whatever became of the rest.
        let kept = ravi.history
        #expect(kept["text"].filter { $0.hasPrefix("after") } == (1...100).map { "after \($0)" })
        try await ravi.expectTruth(of: Array(answer.rows.dropFirst(100)))
        for listener in listeners { #expect(try await listener.lines(200).count == 200) }
    }

    @Test func fileThatIsTakenAwayIsMadeAnew() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listeners = [try await ravi.listen(), try await ravi.listen()]
        let sender = try asha.start("send", "-l", "--to", ravi.mobile, input: .open)
        sender.write("before\n")
        try await sender.lines(1)
        try FileManager.default.moveItem(atPath: ravi.historyFile, toPath: "\(ravi.historyFile).old")
        sender.write("after\n")
        sender.closeInput()
        let answer = try await sender.finish()
        #expect(answer.rows["status"] == ["stored", "stored"])
        for listener in listeners { try await listener.lines(2) }
        #expect(ravi.history["text"] == ["after"])
        try await ravi.expectTruth(of: Array(answer.rows.dropFirst()))
    }

    @Test func twoListenersOneOfThemKilledAgainAndAgainShareAFile() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let lasting = try await ravi.listen()
        let lines = (1...1500).map { "line \($0)" }
        let sender = try asha.start("send", "-l", "--to", ravi.mobile, input: .open)
        for part in 0..<5 {
            let other = try await ravi.listen()
            sender.write(lines[(part * 300)..<(part * 300 + 300)].joined(separator: "\n") + "\n")
            try await sender.lines(part * 300 + 50)
            other.signal(SIGKILL)
            try await other.finish()
        }
        sender.closeInput()
        let answer = try await sender.finish()
        #expect(answer.rows["status"] == Array(repeating: "stored", count: 1500))
        #expect(try await lasting.lines(1500).map(Row.init)["text"] == lines)
        try await ravi.expectTruth(of: answer.rows)
        // Two that write in turn may swap their batches, and lose none.
        #expect(ravi.history["text"].sorted() == lines.sorted())
    }

    @Test(.enabled(if: Room.isPossible, Room.why)) func fileOfAnotherUserIsRefusedAtOnceAndLeftAlone() async throws {
        let (_, asha, visitor) = try await stage.scene()
        let sent = try await exchange(asha, visitor, "before")
        #expect(chown(visitor.historyFile, 65534, 65534) == 0)
        var ravi = visitor
        // Root without its powers is a user like any other, whose folder this is.
        ravi.entering = ["/usr/bin/setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--"]
        for command in [["listen"], ["send", "--to", asha.mobile, "hi"], ["history"]] {
            let answer = try await stage.start(
                "scactl",
                command,
                environment: ravi.environment,
                entering: ravi.entering
            ).finish()
            #expect(answer.exit == .status(74), "\(command): \(answer.errors)")
            #expect(answer.errors.contains("Permission denied"))
            #expect(answer.errors.contains("make it yours"))
            #expect(answer.output.isEmpty)
        }
        #expect(try await asha.run("send", "--to", ravi.mobile, "after").rows["status"] == ["offline"])
        #expect(chown(visitor.historyFile, 0, 0) == 0)
        try await visitor.expectTruth(of: sent)
        #expect(visitor.history["text"] == ["before"])
    }

    /// One message to somebody who listens for one.
    private func exchange(_ sender: Person, _ receiver: Person, _ text: String) async throws -> [Row] {
        let listener = try await receiver.listen("-n", "1")
        let answer = try await sender.run("send", "--to", receiver.mobile, text)
        #expect(answer.rows["status"] == ["stored"])
        #expect(try await listener.finish().exit == .status(0))
        try await sender.misses(receiver)
        return answer.rows
    }

    private func append(_ bytes: Data, to path: String) throws {
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.seekToEnd()
        try file.write(contentsOf: bytes)
        try file.close()
    }
}
