import Foundation
import Testing

/// `history` on what other processes stored.
@Suite(.serialized) struct HistoryTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func historyHasBothSidesAndEachOptionNarrowsIt() async throws {
        let asha = try await conversation()
        func texts(_ options: String...) async throws -> [String] {
            let answer = try await stage.start("scactl", ["history"] + options, environment: asha.environment).finish()
            #expect(answer.exit == .status(0))
            return answer.rows["text"]
        }
        #expect(try await texts() == ["Lunch at one?", "yes", "soup", "LUNCH is over"])
        #expect(try await texts("--dir", "out") == ["Lunch at one?", "soup"])
        #expect(try await texts("--dir", "in") == ["yes", "LUNCH is over"])
        #expect(try await texts("--peer", "9000000003") == ["soup", "LUNCH is over"])
        #expect(try await texts("--grep", "Lunch") == ["Lunch at one?"])
        #expect(try await texts("--grep", "lunch", "-i") == ["Lunch at one?", "LUNCH is over"])
        #expect(try await texts("-n", "2") == ["soup", "LUNCH is over"])
        #expect(try await texts("-n1", "--dir", "out") == ["soup"])
        #expect(try await texts("--since", "1h").count == 4)
        #expect(try await texts("--until", "1h") == [])
    }

    @Test func sinceAndUntilMeetAtAnInstant() async throws {
        let asha = try await conversation()
        let instant = try #require(asha.history.dropFirst(2).first?.number("ts"))
        let date = Date(timeIntervalSince1970: Double(instant) / 1000)
        let time = date.ISO8601Format(.init(includingFractionalSeconds: true))
        let since = try await asha.run("history", "--since", time).rows
        let until = try await asha.run("history", "--until", time).rows
        #expect(since.first?["text"] == "soup")
        #expect(until["text"] + since["text"] == asha.history["text"])
    }

    @Test func pathIsTheFileAndTheFileIsTheRows() async throws {
        let asha = try await conversation()
        let path = try await asha.run("history", "--path")
        #expect(path.output == asha.historyFile + "\n")
        let printed = try await asha.run("history")
        #expect(try String(contentsOfFile: asha.historyFile, encoding: .utf8) == printed.output)
    }

    @Test func followPrintsWhatAnotherProcessStores() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let follower = try ravi.start("history", "-f", "--dir", "in")
        let listener = try await ravi.listen()
        for count in 1...3 {
            try await asha.run("send", "--to", ravi.mobile, "message \(count)")
            try await ravi.run("send", "--to", asha.mobile, "not this direction")
            #expect(try await follower.rows(count)["text"].last == "message \(count)")
        }
        #expect(try await follower.rows(3)["text"] == ["message 1", "message 2", "message 3"])
        follower.signal(SIGINT)
        #expect(try await follower.finish().exit == .signal(SIGINT))
        #expect(listener.exit() == nil)
    }

    @Test func followEndsWhenItsTimeIsOver() async throws {
        let asha = try await conversation()
        let answer = try await asha.run("history", "-f", "-n", "1", "--timeout", "200ms")
        #expect(answer.exit == .status(124))
        #expect(answer.rows["text"] == ["LUNCH is over"])
    }

    @Test func linesThatAreNoRowsAreToldAndSkipped() async throws {
        let asha = try await conversation()
        let file = try FileHandle(forWritingTo: URL(filePath: asha.historyFile))
        try file.seekToEnd()
        try file.write(contentsOf: Data("not a row\n".utf8))
        try file.close()
        let answer = try await asha.run("history")
        #expect(answer.exit == .status(0))
        #expect(answer.rows.count == 4)
        #expect(answer.errors.contains("1 line of"))
    }

    @Test func filesAreTheOwnersAlone() async throws {
        let asha = try await conversation()
        #expect(try mode(asha.historyFile) == 0o600)
        var folder = (asha.historyFile as NSString).deletingLastPathComponent
        while folder != asha.folder {
            #expect(try mode(folder) == 0o700)
            folder = (folder as NSString).deletingLastPathComponent
        }
    }

    private func conversation() async throws -> Person {
        let (server, asha, ravi) = try await stage.scene()
        let mina = try stage.person("9000000003", on: server)
        let listeners = [try await asha.listen(), try await ravi.listen(), try await mina.listen()]
        try await asha.run("send", "--to", ravi.mobile, "Lunch at one?")
        try await ravi.run("send", "--to", asha.mobile, "yes")
        try await asha.run("send", "--to", mina.mobile, "soup")
        try await mina.run("send", "--to", asha.mobile, "LUNCH is over")
        for listener in listeners {
            listener.signal(SIGTERM)
            try await listener.finish()
        }
        return asha
    }
}

/// The permission bits of a file.
func mode(_ path: String) throws -> Int {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? -1
}
