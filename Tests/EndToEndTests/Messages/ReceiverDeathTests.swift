import Foundation
import SCATesting
import Testing

/// `stored` is a promise about the recipient's disk, whatever becomes of the recipient.
@Suite(.serialized) struct ReceiverDeathTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func everyMessageSaidToBeStoredOutlivesTheReceiver() async throws {
        var random = SeededGenerator.announced()
        let (_, asha, ravi) = try await stage.scene()
        var promised: Set<String> = []
        for round in 1...5 {
            let listener = try await ravi.listen()
            let input = Input.text((1...2000).map { "round \(round) line \($0)\n" }.joined())
            let sender = try asha.start("send", "-l", "--timeout", "3s", "--to", ravi.mobile, input: input)
            try await sender.lines(.random(in: 1...1200, using: &random))
            listener.signal(SIGKILL)
            #expect(try await listener.finish().exit == .signal(SIGKILL))
            let answer = try await sender.finish()
            promised.formUnion(answer.rows.filter { $0["status"] == "stored" }["id"])
            let stored = ravi.history["id"]
            #expect(promised.subtracting(stored).isEmpty)
            #expect(Set(stored).count == stored.count)
            try await asha.misses(ravi)
        }
        #expect(promised.count >= 5)
    }

    @Test func tornFileHealsAndTakesNewRows() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let first = try await ravi.listen("-n", "1")
        try await asha.run("send", "--to", ravi.mobile, "before")
        try await first.finish()
        // What a crash in the middle of a write leaves.
        let torn = #"{"type":"message","id":"torn","ts":17953636"#
        let file = try FileHandle(forWritingTo: URL(filePath: ravi.historyFile))
        try file.seekToEnd()
        try file.write(contentsOf: Data(torn.utf8))
        try file.close()

        let second = try await ravi.listen("-n", "1")
        #expect(try await asha.run("send", "--to", ravi.mobile, "after").rows["status"] == ["stored"])
        let answer = try await second.finish()
        #expect(answer.exit == .status(0))
        #expect(ravi.history["text"] == ["before", "after"])
        let folder = (ravi.historyFile as NSString).deletingLastPathComponent
        let aside = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains(".torn-") }
        #expect(aside.count == 1)
        for name in aside {
            #expect(try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) == torn)
            #expect(answer.errors.contains(name))
        }
    }
}
