import FoundationEssentials
import Glibc
import SCACore
import Testing

@testable import scactl

/// What is said of a history, fact by fact; and the facts, from real files.
@Suite(.timeLimit(.minutes(10))) struct HistoryFactsTests {
    private static func facts(_ change: (inout HistoryFacts) -> Void) -> HistoryFacts {
        var facts = HistoryFacts(path: "/home/a/history.jsonl")
        facts.file = HistoryFacts.File(rows: 2)
        change(&facts)
        return facts
    }

    /// Each row: the facts, the grade, and what the sentence or its hint has.
    static let cases: [(HistoryFacts, CheckRow.Grade, String)] = [
        (facts { _ in }, .ok, "2 messages"),
        (facts { $0.file?.rows = 1 }, .ok, "1 message in"),
        (facts { $0.file?.isCut = true }, .ok, "more than 2"),
        (facts { $0.file = nil }, .ok, "none yet"),
        (facts { ($0.file, $0.isFolderWritable) = (nil, false) }, .failed, "XDG_DATA_HOME"),
        (facts { $0.file?.isWritable = false }, .failed, "chown"),
        (facts { $0.file?.isOurs = false }, .warning, "another user"),
        (facts { $0.file?.mode = 0o644 }, .warning, "chmod 600 /home/a/history.jsonl"),
        (facts { $0.file?.tornBytes = 12 }, .warning, "2 messages, and a torn last line (12 bytes)"),
        (facts { $0.file?.badLines = 3 }, .warning, "3 lines that cannot be read"),
        (facts { $0.holder = .init(process: 7, name: "scactl", isStopped: false) }, .warning, "ps -fp 7"),
        (facts { $0.holder = .init(process: 7, name: "scactl", isStopped: true) }, .failed, "fg"),
    ]

    @Test(arguments: cases.indices)
    func eachFactHasItsSentence(_ index: Int) throws {
        let (facts, grade, words) = Self.cases[index]
        let row = try #require(facts.rows.first)
        #expect(row.grade == grade)
        #expect("\(row.message); \(row.hint ?? "")".contains(words))
    }

    @Test func aPathWithBlanksIsOneWordForTheShell() {
        var facts = HistoryFacts(path: "/home/a's files/history.jsonl")
        facts.file = HistoryFacts.File(mode: 0o644, rows: 1)
        #expect(facts.rows.first?.hint == #"chmod 600 '/home/a'\''s files/history.jsonl'"#)
    }

    @Test func everyFaultIsTold() {
        let facts = Self.facts {
            $0.file = HistoryFacts.File(mode: 0o644, isWritable: false, rows: 2, badLines: 1, tornBytes: 3)
            $0.holder = .init(process: 7, name: "scactl", isStopped: true)
        }
        #expect(facts.rows.map(\.grade) == [.failed, .failed, .warning, .warning, .warning])
        #expect(Set(facts.rows.map(\.message)).count == 5)
    }

    @Test(
        arguments: [(712 << 10, "712 KiB"), (50 << 20, "50 MiB"), (9_000 << 20, "9000 MiB"), (32 << 30, "32 GiB")]
            as [(Int64, String)]
    )
    func spaceIsSaidInItsUnit(_ free: Int64, _ words: String) {
        #expect(Self.facts { $0.free = free }.rows.last?.message.hasPrefix(words) == true)
    }

    @Test(
        arguments: [
            (0, CheckRow.Grade.failed), (4_096, .warning), (50 << 20, .warning), (1 << 40, .ok),
        ] as [(Int64, CheckRow.Grade)]
    )
    func littleSpaceIsSaid(_ free: Int64, _ grade: CheckRow.Grade) {
        #expect(Self.facts { $0.free = free }.rows.last?.grade == grade)
    }

    @Test func aRealFileIsReadAndCounted() throws {
        let world = World()
        try world.store(.example("a"), .example("b"))
        let good = try HistoryFacts(reading: world.historyPath)
        #expect(good.file == HistoryFacts.File(rows: 2) && good.holder == nil)
        #expect(good.folder == world.historyPath.dropLast("/history.jsonl".count))
        #expect(try #require(good.free) > 0)

        let before = world.history.joined(separator: "\n")
        try Data((before + "\nno row\n{\"torn").utf8).write(to: URL(filePath: world.historyPath))
        #expect(chmod(world.historyPath, 0o640) == 0)
        let bad = try #require(try HistoryFacts(reading: world.historyPath).file)
        #expect(bad == HistoryFacts.File(mode: 0o640, rows: 2, badLines: 1, tornBytes: 6))
    }

    @Test func whereThereIsNoneYetTheFolderAboveIsLookedAt() throws {
        let world = World()
        let facts = try HistoryFacts(reading: world.historyPath)
        #expect(facts.file == nil)
        #expect(world.historyPath.hasPrefix(facts.folder) && access(facts.folder, F_OK) == 0)
    }

    @Test func aFolderInItsPlaceIsAnError() throws {
        let world = World()
        try FileManager.default.createDirectory(atPath: world.historyPath, withIntermediateDirectories: true)
        #expect(throws: HistoryError.self) { try HistoryFacts(reading: world.historyPath) }
    }

    @Test func aFileWhereAFolderIsToBeIsTheErrorThatSendHas() throws {
        let world = World()
        try FileManager.default.createDirectory(atPath: "\(world.folder)/data", withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: "\(world.folder)/data/sca"))
        let said = #expect(throws: HistoryError.self) { try HistoryFacts(reading: world.historyPath) }
        let ofSend = #expect(throws: HistoryError.self) { try HistoryFile(path: world.historyPath) }
        #expect(said?.code == .notAFile && said == ofSend)
    }

    /// Also one that leads to a good history, or nowhere: its mode is not the file's, and nothing is appended to it.
    @Test(arguments: [true, false])
    func aLinkInItsPlaceIsTheErrorThatSendHas(_ isThere: Bool) throws {
        let world = World()
        try world.store(.example("a"))
        let target = "\(world.folder)/elsewhere.jsonl"
        if isThere {
            #expect(rename(world.historyPath, target) == 0)
        } else {
            #expect(unlink(world.historyPath) == 0)
        }
        #expect(symlink(target, world.historyPath) == 0)
        let said = #expect(throws: HistoryError.self) { try HistoryFacts(reading: world.historyPath) }
        let ofSend = #expect(throws: HistoryError.self) { try HistoryFile(path: world.historyPath) }
        #expect(said == ofSend)
        #expect(said?.message.hasSuffix("is a symbolic link; expected a regular file") == true)
    }

    @Test func whoHasTheLockIsFound() throws {
        let world = World()
        try world.store(.example("a"))
        let file = open(world.historyPath, O_RDWR)
        try #require(file >= 0)
        defer { close(file) }
        #expect(HistoryFacts.holder(of: world.historyPath) == nil)
        #expect(flock(file, LOCK_EX) == 0)
        let holder = HistoryFacts.holder(of: world.historyPath)
        #expect(holder?.process == getpid() && holder?.isStopped == false)
        #expect(flock(file, LOCK_UN) == 0)
        #expect(HistoryFacts.holder(of: world.historyPath) == nil)
    }
}
