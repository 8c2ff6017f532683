import FoundationEssentials
import Glibc
import Testing

@testable import SCACore

@Suite struct HistoryFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func madeFileAndFoldersArePrivate() throws {
        _ = try HistoryFile(path: folder.history)
        #expect(try folder.mode(of: folder.history) == 0o600)
        #expect(try folder.mode(of: folder.path + "/sca/9876543210") == 0o700)
        #expect(try folder.mode(of: folder.path + "/sca") == 0o700)
    }

    @Test func fileThatOthersMayReadIsMadePrivate() throws {
        try folder.write("", to: folder.history)
        #expect(chmod(folder.history, 0o644) == 0)
        _ = try HistoryFile(path: folder.history)
        #expect(try folder.mode(of: folder.history) == 0o600)
    }

    @Test func rowsAreStoredInOrder() throws {
        let rows = try (0..<5).map { try HistoryRow.test("id\($0)", "text \($0)") }
        let file = try HistoryFile(path: folder.history)
        #expect(try file.append(Array(rows[..<2])) == [true, true])
        #expect(try file.append([]) == [])
        #expect(try file.append(Array(rows[2...])) == [true, true, true])
        #expect(try folder.text(of: folder.history) == rows.map(\.line).joined())
    }

    @Test func idIsStoredOncePerSender() throws {
        let row = try HistoryRow.test("a")
        let sameIDFromAnother = try HistoryRow.test("a", peer: "9000000000")
        let file = try HistoryFile(path: folder.history)
        #expect(try file.append([row, row, sameIDFromAnother]) == [true, false, true])
        #expect(try file.append([sameIDFromAnother, row]) == [false, false])
        #expect(try folder.text(of: folder.history) == row.line + sameIDFromAnother.line)
    }

    @Test func rowsFromEarlierRunsAreKnown() throws {
        let row = try HistoryRow.test("a", "line\nbreak")
        let foreign =
            #"{"id": "b", "type": "message", "ts": 1, "dir": "in", "from": "9123456789", "#
            + #""to": "9876543210", "text": ""}"# + "\n"
        try folder.write("garbage\n" + row.line + "\n" + foreign, to: folder.history)
        let file = try HistoryFile(path: folder.history)
        #expect(try file.append([row, .test("b"), .test("c")]) == [false, false, true])
    }

    @Test func twoGluedRowsDoNotPassForTheFirst() throws {
        let row = try HistoryRow.test("a", "lost")
        try folder.write("\(row.line.dropLast(4))\(row.line.dropFirst(3))", to: folder.history)
        let file = try HistoryFile(path: folder.history)
        #expect(try file.append([row]) == [true])
    }

    @Test func rowsOfAnotherOwnerOfTheFileAreLearnt() throws {
        let one = try HistoryFile(path: folder.history)
        let other = try HistoryFile(path: folder.history)
        #expect(try one.append([.test("a")]) == [true])
        #expect(try other.append([.test("a"), .test("b")]) == [false, true])
        #expect(try one.append([.test("c"), .test("b"), .test("a")]) == [true, false, false])
        #expect(try other.append([.test("c"), .test("d")], .own) == [false, true])
        #expect(try one.append([.test("c"), .test("d")]) == [false, false])
    }

    @Test func ownRowsAreLookedUpOnlyInWhatCameSinceTheFileWasOpened() throws {
        let sibling = try HistoryFile(path: folder.history)
        #expect(try sibling.append([.test("old")]) == [true])
        let file = try HistoryFile(path: folder.history)
        #expect(try sibling.append([.test("a")]) == [true])
        #expect(try file.append([.test("a"), .test("b")], .own) == [false, true], "a copy that a sibling was sent")
        #expect(try file.append([.test("old")], .own) == [true], "an id that is made anew cannot be there")
        #expect(try file.append([.test("old"), .test("a"), .test("d")]) == [false, false, true])
        #expect(try file.append([.test("d"), .test("e")], .own) == [false, true])
    }

    /// Who opens it remembers where it ended; a torn line is cut off there, and a row comes in its place.
    @Test(arguments: [false, true]) func rowsInThePlaceOfATornLineAreKnown(opensLater: Bool) throws {
        let folder = try TemporaryFolder()
        try folder.write(HistoryRow.test("old").line + #"{"id":"torn","ts":1795363670"#, to: folder.history)
        let beginning = HistoryFile.end(of: folder.history)
        let early = try opensLater ? nil : HistoryFile(path: folder.history)
        #expect(try HistoryFile(path: folder.history).append([.test("a")]) == [true])
        let file = try early ?? HistoryFile(path: folder.history, since: beginning)
        #expect(try file.append([.test("a"), .test("b")], .own) == [false, true])
    }

    @Test func ownRowsWaitForNoDiskAndAreSyncedWithTheNextReceivedOnes() throws {
        let calls = CallCounter()
        let file = try HistoryFile(path: folder.history, calls: calls.counting)
        _ = try file.append([.test("a")], .own)
        #expect(calls.syncs == 0)
        #expect(try file.append([.test("a")]) == [false])
        #expect(calls.syncs == 1)
    }

    @Test func batchIsOneWriteAndOneSync() throws {
        let calls = CallCounter()
        let file = try HistoryFile(path: folder.history, calls: calls.counting)
        _ = try file.append([.test("a"), .test("b"), .test("c")])
        #expect(calls.writes == 1)
        #expect(calls.syncs == 1)
    }

    @Test func duplicatesAreSyncedUnlessTheyAreKnownToBe() throws {
        _ = try HistoryFile(path: folder.history).append([.test("a")])
        let calls = CallCounter()
        let file = try HistoryFile(path: folder.history, calls: calls.counting)
        #expect(try file.append([.test("a")]) == [false])
        #expect(calls.syncs == 1, "whoever wrote it may have been killed before the sync")
        #expect(try file.append([.test("a")]) == [false])
        #expect(calls.syncs == 1)
        _ = try HistoryFile(path: folder.history).append([.test("b")])
        #expect(try file.append([.test("b")]) == [false])
        #expect(calls.syncs == 2)
        #expect(calls.writes == 0)
    }

    @Test func deletedFileIsMadeAnew() throws {
        let file = try HistoryFile(path: folder.history)
        _ = try file.append([.test("a")])
        try FileManager.default.removeItem(atPath: folder.path + "/sca")
        #expect(try file.append([.test("a")]) == [true])
        #expect(try folder.text(of: folder.history) == HistoryRow.test("a").line)
        #expect(try folder.mode(of: folder.history) == 0o600)
    }

    @Test func replacedFileIsGoneOnWith() throws {
        let file = try HistoryFile(path: folder.history)
        _ = try file.append([.test("a")])
        try folder.write(HistoryRow.test("b").line, to: folder.path + "/new")
        #expect(rename(folder.path + "/new", folder.history) == 0)
        #expect(try file.append([.test("a"), .test("b")]) == [true, false])
    }

    @Test func emptiedFileIsGoneOnWith() throws {
        let file = try HistoryFile(path: folder.history)
        _ = try file.append([.test("a"), .test("b")])
        #expect(truncate(folder.history, 0) == 0)
        #expect(try file.append([.test("b")]) == [true])
    }

    /// Two processes, one of which sleeps while somebody cuts the file and the other one fills it again.
    @Test func fileThatWasCutAndHasGrownAgainIsLearntAnew() throws {
        let (asleep, awake) = (try HistoryFile(path: folder.history), try HistoryFile(path: folder.history))
        _ = try asleep.append([.test("a")])
        #expect(truncate(folder.history, 0) == 0)
        let rows = try ["b", "c", "d"].map { try HistoryRow.test($0) }
        #expect(try awake.append(rows) == [true, true, true])
        #expect(try asleep.append(rows + [.test("a")]) == [false, false, false, true])
        #expect(try folder.text(of: folder.history) == (rows + [.test("a")]).map(\.line).joined())
    }

    @Test func lockedFileIsAnErrorAfterAWhile() throws {
        let holder = try HistoryFile(path: folder.history)
        #expect(flock(holder.file.descriptor, LOCK_EX) == 0)
        let file = try HistoryFile(path: folder.history, calls: FileCalls(), lockPatience: .milliseconds(5))
        let error = try #require(throws: HistoryError.self) { try file.append([.test("a")]) }
        #expect(error.code == .locked)
        #expect(error.description.contains("fuser \(folder.history)"))
        #expect(flock(holder.file.descriptor, LOCK_UN) == 0)
        #expect(try file.append([.test("a")]) == [true])
    }

    @Test func whatIsNoRegularFileIsRefused() throws {
        try PrivateFolder.make(PrivateFolder.holding(folder.history))
        func refusal() throws -> HistoryError {
            let error = try #require(throws: HistoryError.self) { try HistoryFile(path: folder.history) }
            #expect(unlink(folder.history) == 0 || rmdir(folder.history) == 0)
            return error
        }
        #expect(symlink("/etc/passwd", folder.history) == 0)
        #expect(try refusal().message.hasSuffix("history.jsonl is a symbolic link; expected a regular file"))
        #expect(mkdir(folder.history, 0o700) == 0)
        #expect(try refusal().message.contains("is a folder"))
        #expect(mkfifo(folder.history, 0o600) == 0)
        let error = try refusal()
        #expect(error.message.contains("is a pipe"))
        #expect(error.code == .notAFile)
        #expect(error.hint.contains("XDG_DATA_HOME"))
    }

    @Test func fileInTheWayOfAFolderIsNamed() throws {
        try folder.write("", to: folder.path + "/sca")
        let error = try #require(throws: HistoryError.self) { try HistoryFile(path: folder.history) }
        #expect(error.code == .notAFile)
        #expect(error.description.contains(folder.history))
    }

    @Test func rowLongerThanALineIsRefusedWithItsBatch() throws {
        let file = try HistoryFile(path: folder.history)
        let long = try HistoryRow.test("b", String(repeating: "x", count: HistoryRow.longestLine))
        let error = try #require(throws: HistoryError.self) { try file.append([.test("a"), long]) }
        #expect(error.code == .rowTooLong)
        #expect(try folder.text(of: folder.history).isEmpty)
        #expect(try file.append([.test("a")]) == [true])
    }
}

/// Counts the calls that an owner of a file makes.
final class CallCounter {
    var writes = 0
    var syncs = 0

    var counting: FileCalls {
        FileCalls(
            write: {
                self.writes += 1
                return write($0, $1, $2)
            },
            synchronize: {
                self.syncs += 1
                return fdatasync($0)
            }
        )
    }
}
