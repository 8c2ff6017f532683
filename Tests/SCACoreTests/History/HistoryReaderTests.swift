import Glibc
import Testing

@testable import SCACore

@Suite struct HistoryReaderTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func missingHistoryIsEmpty() throws {
        var reader = HistoryReader(path: folder.history)
        #expect(try reader.last(10) == [])
        #expect(try reader.last(nil) == [])
        #expect(reader.end == nil)
        try reader.forEach { _ in
            Issue.record("there is no row")
            return true
        }
    }

    @Test func emptyFileIsEmpty() throws {
        try folder.write("", to: folder.history)
        var reader = HistoryReader(path: folder.history)
        #expect(try reader.last(10) == [])
        #expect(reader.end?.offset == 0)
    }

    @Test(arguments: 1...40)
    func lastRowsAreFoundWhereverTheBlocksFall(step: Int) throws {
        // Rows of different lengths, in blocks from one byte to more than the file: every boundary is met.
        let rows = try (0..<7).map { try HistoryRow.test("id\($0)", String(repeating: "é\n", count: $0 * $0)) }
        let text = rows.map(\.line).joined()
        try folder.write(text + "torn", to: folder.history)
        let blockSize = step * step
        for count in 0...8 {
            var reader = HistoryReader(path: folder.history, blockSize: blockSize)
            #expect(try reader.last(count) == Array(rows.suffix(count)))
            #expect(reader.skippedLines == 0)
            #expect(reader.end?.offset == Int64(text.utf8.count))
        }
        var reader = HistoryReader(path: folder.history, blockSize: blockSize)
        #expect(try reader.last(nil) == rows)
        var forward = [HistoryRow]()
        try reader.forEach {
            forward.append($0)
            return forward.count < 6
        }
        #expect(forward == Array(rows[..<6]))
    }

    @Test(arguments: 1...40)
    func whatIsPassedOverIsNotWantedWhereverTheBlocksFall(step: Int) throws {
        let texts = ["one", "a needle", "needl", "e", "\u{1B}", "needle needle", "", "/needle\\", "ne\nedle", "needle"]
        var rows = try texts.enumerated().map {
            try HistoryRow.test("id\($0)", $1, peer: $0 % 3 == 0 ? "9111111111" : "9222222222")
        }
        var lines = rows.map(\.line)
        // Another program's, escaped where it need not be; behind what is no row, and in large blocks with a line that is too long.
        rows.append(try HistoryRow.test("other", "a needle", peer: "9111111111"))
        let escaped = rows[10].line.replacing("a needle", with: #"\u0061 n\u0065edle"#)
        lines += ["needle 9111111111\n", escaped.replacing("9111111111", with: #"911111111\u0031"#)]
        let endless = String(repeating: "needle", count: HistoryRow.longestLine / 5) + "\n"
        for (blockSize, first) in [(step * step, ""), (step * 9_973, endless)] {
            try folder.write(lines[..<4].joined() + first + lines[4...].joined() + "needle", to: folder.history)
            for (peers, text) in [
                ([], "needle"), (["9111111111"], nil), (["9111111111"], "needle"), ([], "\n"), ([], "nothing"),
            ] {
                var filter = HistoryFilter()
                filter.peers = Set(try peers.map { try Mobile.test($0) })
                filter.search = text.map { HistorySearch($0) }
                let wanted = rows.filter(filter.matches)
                var reader = HistoryReader(path: folder.history, blockSize: blockSize)
                #expect(try reader.last(nil, matching: filter) == wanted)
                #expect(try reader.last(2, matching: filter) == wanted.suffix(2))
                var forward = [HistoryRow]()
                try reader.forEach(matching: filter) {
                    forward.append($0)
                    return true
                }
                #expect(forward == wanted)
            }
        }
    }

    @Test func rowsOf64KiBAreReadBothWays() throws {
        let rows = try (0..<4).map { try HistoryRow.test("id\($0)", String(repeating: "\($0)\n", count: 32768)) }
        try folder.write(rows.map(\.line).joined(), to: folder.history)
        var reader = HistoryReader(path: folder.history)
        #expect(try reader.last(3) == Array(rows[1...]))
        var forward = [HistoryRow]()
        try reader.forEach {
            forward.append($0)
            return true
        }
        #expect(forward == rows)
    }

    @Test func garbageIsSkippedAndCounted() throws {
        let first = try HistoryRow.test("a")
        let second = try HistoryRow.test("b")
        let endless = String(repeating: "x", count: HistoryRow.longestLine * 2)
        let text = "junk\n" + first.line + "\n{}\n" + endless + "\n" + second.line + "{\"type\":\n"
        try folder.write(text, to: folder.history)
        for blockSize in [99_991, OpenFile.blockSize, 1 << 23] {
            var backward = HistoryReader(path: folder.history, blockSize: blockSize)
            #expect(try backward.last(nil) == [first, second])
            #expect(backward.skippedLines == 5)
            var forward = HistoryReader(path: folder.history, blockSize: blockSize)
            var rows = [HistoryRow]()
            try forward.forEach {
                rows.append($0)
                return true
            }
            #expect(rows == [first, second])
            #expect(forward.skippedLines == 5)
        }
    }

    @Test func whatIsNoFileIsAnError() throws {
        var reader = HistoryReader(path: folder.path)
        let error = try #require(throws: HistoryError.self) { try reader.last(1) }
        #expect(error.code == .notAFile)
        #expect(error.description.contains("\(folder.path) is a folder"))
    }

    @Test func filtersChooseRows() throws {
        let rows = try [
            HistoryRow.test("0", "one", ts: 100, .in, peer: "9111111111"),
            HistoryRow.test("1", "two", ts: 200, .out, peer: "9111111111", status: .stored),
            HistoryRow.test("2", "three", ts: 300, .in, peer: "9222222222"),
            HistoryRow.test("3", "four\n", ts: 400, .out, peer: "9333333333"),
        ]
        // One of them as another program would write it.
        let lines = [rows[0].line, rows[1].line, rows[2].line.replacing(":", with: ": "), rows[3].line]
        try folder.write(lines.joined(), to: folder.history)
        func chosen(_ change: (inout HistoryFilter) throws -> Void) throws -> [String] {
            var filter = HistoryFilter()
            try change(&filter)
            var reader = HistoryReader(path: folder.history)
            let found = try reader.last(nil, matching: filter)
            #expect(found == rows.filter(filter.matches))
            #expect(reader.skippedLines == 0)
            return found.map(\.id.text)
        }
        #expect(try chosen { _ in } == ["0", "1", "2", "3"])
        #expect(try chosen { $0.peers = [try .test("9111111111")] } == ["0", "1"])
        #expect(try chosen { $0.peers = [try .test("9222222222"), try .test("9333333333")] } == ["2", "3"])
        #expect(try chosen { $0.peers = [try .test("9876543210")] } == [])
        #expect(try chosen { $0.senders = [try .test("9876543210")] } == ["1", "3"])
        #expect(try chosen { $0.direction = .in } == ["0", "2"])
        #expect(try chosen { $0.since = 200 } == ["1", "2", "3"])
        #expect(try chosen { $0.until = 300 } == ["0", "1"])
        #expect(try chosen { ($0.since, $0.until) = (200, 301) } == ["1", "2"])
        #expect(try chosen { ($0.search, $0.direction) = (HistorySearch("o"), .out) } == ["1", "3"])
        var reader = HistoryReader(path: folder.history)
        var incoming = HistoryFilter()
        incoming.direction = .in
        #expect(try reader.last(1, matching: incoming) == [rows[2]])
    }
}
