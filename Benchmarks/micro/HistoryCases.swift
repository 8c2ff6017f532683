internal import Glibc
internal import SCACore

/// The history, in memory that pretends to be a disk (`/dev/shm`): what a disk costs is not ours.
enum HistoryCases {
    private static let rows = 10_000

    static func all(folder: String) throws -> [Case] {
        let read = "\(folder)/read.jsonl"
        let written = "\(folder)/written.jsonl"
        let row = try row(7)
        _ = try HistoryFile(path: read).append((0..<rows).map { try self.row($0) }, .own)
        let file = try HistoryFile(path: written)
        var next = 0
        let append = { (count: Int) -> Int in
            let batch = (0..<count).map { number in
                var one = row
                one.id = MessageID("own-\(next + number)") ?? row.id
                return one
            }
            next += count
            return (try? file.append(batch, .own).count) ?? 0
        }
        var line: [UInt8] = []
        row.appendLine(to: &line)
        line.removeLast()
        return [
            Case("history: append a row, own") { count in (0..<count).reduce(0) { sum, _ in sum + append(1) } },
            Case("history: append a row, 256 at once", weight: 256) { count in
                (0..<count).reduce(0) { sum, _ in sum + append(256) }
            },
            Case("history: decode a row") { count in
                var seen = 0
                for _ in 0..<count { seen += HistoryRow(line: line.span)?.text.utf8.count ?? 0 }
                return seen
            },
            Case("history: search, each row", weight: rows) { find(HistorySearch("quetzal"), in: read, $0) },
            Case("history: search without case, each row", weight: rows) {
                find(HistorySearch("Quetzal", ignoringCase: true), in: read, $0)
            },
            Case("history: look for a peer, each row", weight: rows) { count in
                var filter = HistoryFilter()
                filter.peers = [row.from, row.to]
                filter.until = 0
                return (0..<count).reduce(0) { sum, _ in sum + all(matching: filter, in: read) }
            },
            Case("history: the last 20 of 10,000 rows") { count in
                var seen = 0
                for _ in 0..<count {
                    var reader = HistoryReader(path: read)
                    seen += (try? reader.last(20).count) ?? 0
                }
                return seen
            },
        ]
    }

    /// Takes away what was written.
    static func end(folder: String) throws {
        for name in ["read.jsonl", "written.jsonl"] {
            guard unlink("\(folder)/\(name)") == 0 else { throw Failure("cannot remove \(folder)/\(name)") }
        }
    }

    private static func find(_ search: HistorySearch, in path: String, _ count: Int) -> Int {
        var filter = HistoryFilter()
        filter.search = search
        return (0..<count).reduce(0) { sum, _ in sum + all(matching: filter, in: path) }
    }

    private static func all(matching filter: HistoryFilter, in path: String) -> Int {
        var reader = HistoryReader(path: path)
        return (try? reader.last(nil, matching: filter).count) ?? 0
    }

    /// About 200 bytes as a line.
    private static func row(_ number: Int) throws -> HistoryRow {
        guard let id = MessageID("0199f5ce-5a5e-7c3b-8d2a-\(1_000_000_000_000 + number)"),
            let alice = Mobile("9876543210"), let bob = Mobile("9123456780")
        else { throw Failure("the names are not valid") }
        let text = String(decoding: WireCases.letters(72), as: UTF8.self)
        return HistoryRow(id: id, ts: 1_795_363_670_974, direction: .in, from: alice, to: bob, text: text)
    }
}
