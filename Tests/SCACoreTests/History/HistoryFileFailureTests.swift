import FoundationEssentials
import Glibc
import Testing

@testable import SCACore

/// Torn lines, full disks, killed processes.
@Suite struct HistoryFileFailureTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// `mkdir` in `/proc` says that there is no such folder although there is; making it was tried for ever.
    @Test func aFolderThatCannotBeMadeIsAnErrorAndNoLoop() {
        #expect(throws: HistoryError.self) { try HistoryFile(path: "/proc/sca/history.jsonl") }
    }

    @Test func tornLastLineIsSetAsideAndReported() throws {
        let whole = try HistoryRow.test("a").line
        let torn = String(try HistoryRow.test("b", "torn").line.dropLast(3))
        try folder.write(whole + torn, to: folder.history)
        let file = try HistoryFile(path: folder.history)
        #expect(try file.append([.test("b"), .test("a")]) == [true, false])
        #expect(try folder.text(of: folder.history) == whole + HistoryRow.test("b").line)
        let healed = file.takeHealed()
        #expect(healed.count == 1)
        let aside = try #require(healed.first)
        #expect(aside.byteCount == Int64(torn.utf8.count))
        #expect(try folder.text(of: aside.path) == torn)
        #expect(try folder.mode(of: aside.path) == 0o600)
        #expect(aside.path.hasPrefix(PrivateFolder.holding(folder.history) + "/history.torn-"))
        #expect(aside.path.hasSuffix(".jsonl"))
        #expect(file.takeHealed().isEmpty, "each is told once")
    }

    @Test func wholeRowWithoutItsNewlineIsKept() throws {
        let line = try HistoryRow.test("a", "whole").line
        try folder.write(String(line.dropLast()), to: folder.history)
        let file = try HistoryFile(path: folder.history)
        #expect(try file.append([.test("b"), .test("a")]) == [true, false])
        #expect(try folder.text(of: folder.history) == line + HistoryRow.test("b").line)
        #expect(file.takeHealed().isEmpty)
    }

    @Test func everyWayToTearARowIsHealed() throws {
        let first = try HistoryRow.test("a").line
        let second = Array(try HistoryRow.test("b", "é\n").line.utf8)
        for count in 0..<second.count {
            try folder.write(first, to: folder.history)
            let torn = try OpenFile(folder.history, flags: O_WRONLY | O_APPEND)
            try torn.write(Array(second[..<count]))
            let file = try HistoryFile(path: folder.history)
            let isWhole = count == second.count - 1
            #expect(try file.append([.test("b", "é\n")]) == [!isWhole])
            #expect(try Array(folder.text(of: folder.history).utf8) == Array(first.utf8) + second)
            #expect(file.takeHealed().map(\.byteCount) == (count == 0 || isWhole ? [] : [Int64(count)]))
        }
    }

    @Test func fileWithoutAnyNewlineIsSetAsideWhole() throws {
        let zeros = String(repeating: "\u{0}", count: HistoryRow.longestLine + 4096)
        try folder.write(zeros, to: folder.history)
        let file = try HistoryFile(path: folder.history)
        #expect(try file.append([.test("a")]) == [true])
        #expect(try folder.text(of: folder.history) == HistoryRow.test("a").line)
        #expect(try folder.text(of: #require(file.takeHealed().first).path) == zeros)
    }

    @Test(arguments: [0, 1, 50, 200])
    func fullDiskLeavesNothingTorn(room: Int) throws {
        let disk = FullDisk()
        let file = try HistoryFile(path: folder.history, calls: disk.calls)
        _ = try file.append([.test("a")])
        disk.room = room
        let error = try #require(throws: HistoryError.self) { try file.append([.test("b"), .test("c")]) }
        #expect(error.code == .full)
        #expect(error.message.hasSuffix("No space left on device; nothing was stored"))
        #expect(error.hint.hasPrefix("free some space"))
        #expect(try folder.text(of: folder.history) == HistoryRow.test("a").line)
        disk.room = .max
        #expect(try file.append([.test("b"), .test("a")]) == [true, false])
    }

    @Test func fullDiskWhileHealingLosesNothing() throws {
        let torn = try HistoryRow.test("a").line + "torn"
        try folder.write(torn, to: folder.history)
        let disk = FullDisk()
        disk.room = 2
        let file = try HistoryFile(path: folder.history, calls: disk.calls)
        #expect(throws: HistoryError.self) { try file.append([.test("b")]) }
        #expect(try folder.text(of: folder.history) == torn)
        #expect(try folder.names(in: PrivateFolder.holding(folder.history)) == ["history.jsonl"])
        #expect(file.takeHealed().isEmpty)
    }

    @Test func failedSyncTakesTheRowsBack() throws {
        var fails = true
        let calls = FileCalls(synchronize: {
            guard fails else { return fdatasync($0) }
            errno = EIO
            return -1
        })
        let file = try HistoryFile(path: folder.history, calls: calls)
        let error = try #require(throws: HistoryError.self) { try file.append([.test("a")]) }
        #expect(error.code == .io)
        #expect(try folder.text(of: folder.history).isEmpty)
        fails = false
        #expect(try file.append([.test("a")]) == [true])
    }

    @Test func interruptedCallsAreTriedAgain() throws {
        var interruptions = 3
        func interrupted() -> Bool {
            guard interruptions > 0 else { return false }
            interruptions -= 1
            errno = EINTR
            return true
        }
        let calls = FileCalls(
            write: { interrupted() ? -1 : write($0, $1, min($2, 10)) },
            synchronize: { interrupted() ? -1 : fdatasync($0) }
        )
        let file = try HistoryFile(path: folder.history, calls: calls)
        #expect(try file.append([.test("a")]) == [true])
        #expect(interruptions == 0)
        #expect(try folder.text(of: folder.history) == HistoryRow.test("a").line)
    }

    @Test func limitOfTheFileSizeLeavesNothingTorn() async throws {
        let path = folder.history
        await #expect(processExitsWith: .success) { [path = path as String] in
            signal(SIGXFSZ, SIG_IGN)
            let file = try HistoryFile(path: path)
            try #require(try file.append([.test("a")]) == [true])
            var limit = rlimit(rlim_cur: 300, rlim_max: 300)
            try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            let long = try HistoryRow.test("b", String(repeating: "x", count: 1000))
            let error = try #require(throws: HistoryError.self) { try file.append([long]) }
            try #require(error.code == .full)
            try #require(try file.append([.test("c")]) == [true])
        }
        #expect(try folder.text(of: path) == HistoryRow.test("a").line + HistoryRow.test("c").line)
    }

    @Test func processKilledInTheMiddleOfAWriteIsHealed() async throws {
        let path = folder.history
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            var calls = FileCalls()
            let file = try HistoryFile(path: path, calls: calls)
            try #require(try file.append([.test("a")]) == [true])
            calls.write = { descriptor, bytes, count in
                let written = write(descriptor, bytes, count - 7)
                kill(getpid(), SIGKILL)
                return written
            }
            _ = try HistoryFile(path: path, calls: calls).append([.test("b"), .test("c")])
        }
        let file = try HistoryFile(path: path)
        #expect(try file.append([.test("c"), .test("b"), .test("a")]) == [true, false, false])
        #expect(try folder.text(of: path) == ["a", "b", "c"].map { try HistoryRow.test($0).line }.joined())
        #expect(file.takeHealed().count == 1)
    }

    @Test func processesThatAppendTheSameRowsStoreEachOnce() async throws {
        let path = folder.history
        func child() async {
            await #expect(processExitsWith: .success) { [path = path as String] in
                let file = try HistoryFile(path: path)
                for batch in 0..<40 {
                    let answers = try file.append((0..<5).map { try .test("\(batch)-\($0)", "text\n") })
                    print(answers.count { $0 })
                }
            }
        }
        async let first: Void = child()
        async let second: Void = child()
        async let third: Void = child()
        _ = await (first, second, third)
        var reader = HistoryReader(path: path)
        let rows = try reader.last(nil)
        #expect(rows.count == 200)
        #expect(Set(rows.map(\.id)).count == 200)
        #expect(reader.skippedLines == 0)
    }
}

/// A disk with so many bytes of room.
final class FullDisk {
    var room = Int.max

    var calls: FileCalls {
        FileCalls(write: { descriptor, bytes, count in
            let taken = min(count, self.room)
            guard taken > 0 else {
                errno = ENOSPC
                return -1
            }
            self.room -= taken
            return write(descriptor, bytes, taken)
        })
    }
}
