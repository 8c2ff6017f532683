import FoundationEssentials
import Glibc
import Testing

@testable import SCACore

@Suite struct HistoryFollowerTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func append(_ text: some StringProtocol) throws {
        try OpenFile(folder.history, flags: O_WRONLY | O_APPEND).write(Array(text.utf8))
    }

    @Test func goesOnWhereTheReaderEnded() throws {
        let file = try HistoryFile(path: folder.history)
        _ = try file.append([.test("a"), .test("b")])
        var reader = HistoryReader(path: folder.history)
        #expect(try reader.last(1) == [.test("b")])
        _ = try file.append([.test("c")])
        let follower = HistoryFollower(path: folder.history, from: reader.end)
        #expect(try follower.poll() == [.test("c")])
        #expect(try follower.poll() == [])
        _ = try file.append([.test("d"), .test("e")])
        #expect(try follower.poll() == [.test("d"), .test("e")])
        #expect(follower.position?.offset == Int64(try folder.text(of: folder.history).utf8.count))
    }

    @Test func rowIsSeenOnlyWhenItIsWhole() throws {
        _ = try HistoryFile(path: folder.history)
        let follower = HistoryFollower(path: folder.history, from: nil)
        let line = try HistoryRow.test("a", "é").line
        for byte in line.utf8.dropLast() {
            try OpenFile(folder.history, flags: O_WRONLY | O_APPEND).write([byte])
            #expect(try follower.poll() == [])
        }
        try append("\n")
        #expect(try follower.poll() == [.test("a", "é")])
    }

    @Test func healedTailIsNeverSeen() throws {
        try folder.write(HistoryRow.test("a").line, to: folder.history)
        let follower = HistoryFollower(path: folder.history, from: nil)
        try append(HistoryRow.test("b", "torn").line.dropLast(2))
        #expect(try follower.poll() == [.test("a")])
        _ = try HistoryFile(path: folder.history).append([.test("c")])
        #expect(try follower.poll() == [.test("c")])
        #expect(follower.skippedLines == 0)
    }

    @Test func filterAndGarbageApply() throws {
        let lines = try HistoryRow.test("a", "mine", .out).line + HistoryRow.test("b").line
        try folder.write("junk\n" + lines, to: folder.history)
        var filter = HistoryFilter()
        filter.direction = .in
        let follower = HistoryFollower(path: folder.history, from: nil, matching: filter)
        #expect(try follower.poll() == [.test("b")])
        #expect(follower.skippedLines == 1)
    }

    @Test func replacedFileIsReadFromItsStart() throws {
        try folder.write(HistoryRow.test("a").line, to: folder.history)
        let follower = HistoryFollower(path: folder.history, from: nil)
        #expect(try follower.poll() == [.test("a")])
        try append(HistoryRow.test("b").line)
        try folder.write(HistoryRow.test("c").line + HistoryRow.test("d").line, to: folder.path + "/new")
        #expect(rename(folder.path + "/new", folder.history) == 0)
        #expect(try follower.poll() == [.test("b"), .test("c"), .test("d")])
        #expect(try follower.poll() == [])
    }

    @Test func fileMadeAnewIsReadFromItsStart() throws {
        let follower = HistoryFollower(path: folder.history, from: nil)
        for id in ["a", "b", "c"] {
            try folder.write(HistoryRow.test(id).line, to: folder.history)
            #expect(try follower.poll() == [.test(id)])
            #expect(unlink(folder.history) == 0)
            if id == "b" { #expect(try follower.poll() == []) }
        }
    }

    @Test func cutFileGoesOnFromItsNewEnd() throws {
        let file = try HistoryFile(path: folder.history)
        _ = try file.append([.test("a"), .test("b")])
        let follower = HistoryFollower(path: folder.history, from: nil)
        #expect(try follower.poll() == [.test("a"), .test("b")])
        #expect(try truncate(folder.history, HistoryRow.test("a").line.utf8.count) == 0)
        #expect(try follower.poll() == [])
        _ = try file.append([.test("c")])
        #expect(try follower.poll() == [.test("c")])
    }

    @Test func historyThatIsNotThereYetIsWaitedFor() throws {
        let follower = HistoryFollower(path: folder.history, from: nil)
        #expect(try follower.poll() == [])
        #expect(!follower.waitForChange(timeoutMilliseconds: 0))
        _ = try HistoryFile(path: folder.history).append([.test("a")])
        #expect(follower.waitForChange(timeoutMilliseconds: 10_000))
        #expect(try follower.poll() == [.test("a")])
        // The watch stands by now.
        #expect(!follower.waitForChange(timeoutMilliseconds: 0))
        _ = try HistoryFile(path: folder.history).append([.test("b")])
        #expect(follower.waitForChange(timeoutMilliseconds: -1))
    }

    @Test func waitEndsWithAnAppend() throws {
        let file = try HistoryFile(path: folder.history)
        let follower = HistoryFollower(path: folder.history, from: nil)
        #expect(!follower.waitForChange(timeoutMilliseconds: 0))
        _ = try file.append([.test("a")])
        #expect(follower.waitForChange(timeoutMilliseconds: -1))
        #expect(try follower.poll() == [.test("a")])
        #expect(!follower.waitForChange(timeoutMilliseconds: 1), "one change is told once")
    }

    @Test func waitSurvivesANewFolder() throws {
        _ = try HistoryFile(path: folder.history)
        let follower = HistoryFollower(path: folder.history, from: nil)
        try FileManager.default.removeItem(atPath: folder.path + "/sca")
        #expect(follower.waitForChange(timeoutMilliseconds: -1))
        _ = try HistoryFile(path: folder.history).append([.test("a")])
        #expect(follower.waitForChange(timeoutMilliseconds: -1))
        #expect(try follower.poll() == [.test("a")])
    }

    @Test func waitEndsWithAWakeUp() throws {
        _ = try HistoryFile(path: folder.history)
        let follower = HistoryFollower(path: folder.history, from: nil)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { _ = close(end) } }
        #expect(write(ends[1], "x", 1) == 1)
        #expect(!follower.waitForChange(timeoutMilliseconds: -1, wake: ends[0]))
        #expect(!follower.waitForChange(timeoutMilliseconds: -1, wake: ends[0]), "it is not read here")
    }
}
