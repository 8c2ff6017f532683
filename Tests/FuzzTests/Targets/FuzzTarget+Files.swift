internal import Glibc
@testable internal import SCACore

// Files that others may have written, as they are read from a disk.
//
//   history   forward and backward, in blocks of any size, the same rows are read; a row written again reads the same, and
//             by position the same as by JSON
//   settings  what was read and saved reads the same, and what cannot be read is said so and not trapped on

extension FuzzTarget {
    static let history = FuzzTarget(name: "history") { bytes in
        var input = FuzzInput(bytes)
        let blockSize = 8 + input.choice()
        let file = try MemoryFile.shared.holding(input.rest)
        var reader = HistoryReader(path: file.path, blockSize: blockSize)
        var forward: [HistoryRow] = []
        try reader.forEach { row in
            forward.append(row)
            return true
        }
        let skipped = reader.skippedLines
        let backward = try reader.last(nil)
        try require(backward == forward, "backward other rows than forward")
        try require(reader.skippedLines == 2 * skipped, "backward other lines are skipped than forward")
        guard !forward.isEmpty else { return }
        var large = HistoryReader(path: file.path)
        try require(try large.last(2) == Array(forward.suffix(2)), "the last two are others in large blocks")
        for row in forward {
            var line: [UInt8] = []
            row.appendLine(to: &line)
            line.removeLast()
            try require(HistoryRow(line: line.span) == row, "a row is read otherwise the second time")
            // A time of more than 18 digits, or before 1970, is for `JSONDecoder`; no clock shows one.
            let isPlain = (0..<1_000_000_000_000_000_000).contains(row.ts)
            try require(RawRow(line.span) != nil || !isPlain, "our own row is not read by position")
        }
        try checkPositions(in: input.rest)
    }

    /// Any line that is read by position means the same to `JSONDecoder`, which a blank in front makes the one to read it.
    private static func checkPositions(in bytes: [UInt8]) throws(FuzzFinding) {
        for line in bytes.split(separator: 0x0A).map(Array.init) where RawRow(line.span) != nil {
            let slow = [0x20] + line
            try require(HistoryRow(line: slow.span) == HistoryRow(line: line.span), "by position it is another row")
        }
    }

    static let settings = FuzzTarget(name: "settings") { bytes in
        var input = FuzzInput(bytes)
        let choice = input.choice()
        let rest = input.rest
        let file = try MemoryFile.shared.holding(rest)
        if let settings = try? Settings.load(from: file.path), settings != Settings() {
            try MemoryFile.withFolder { folder in
                try settings.save(to: folder + "/config.json")
                try require(
                    try Settings.load(from: folder + "/config.json") == settings,
                    "saved settings read otherwise"
                )
            }
        }
        // What people type for a duration is a setting too.
        let text = String(decoding: rest.prefix(24), as: UTF8.self)
        if choice & 1 == 1, let duration = Duration(parsing: text) {
            try require(duration >= .zero && duration <= .longestParsed, "a duration of \(duration)")
            if duration.components.attoseconds % 1_000_000_000_000_000 == 0 {
                try require(Duration(parsing: duration.shortText) == duration, "\(duration.shortText) is another time")
            }
        }
    }
}

/// A file in memory that has a path: a fuzzer on a disk would wait for it.
final class MemoryFile: Sendable {
    static let shared = MemoryFile()

    private let descriptor: Int32
    let path: String

    private init() {
        let pattern = "/dev/shm/sca-fuzz-XXXXXX"
        var name = Array(pattern.utf8CString)
        descriptor = mkstemp(&name)
        // The name goes at once, so that nothing is left behind however the process ends.
        unlink(name)
        path = "/proc/self/fd/\(descriptor)"
    }

    /// Makes these the file's bytes.
    func holding(_ bytes: [UInt8]) throws(FuzzFinding) -> MemoryFile {
        let length = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        try require(length == bytes.count && ftruncate(descriptor, length) == 0, "no room in /dev/shm")
        return self
    }

    /// A folder for the time of the call, for one file.
    static func withFolder(_ body: (String) throws -> Void) throws {
        let path = "/dev/shm/sca-fuzz-\(getpid())"
        try require(mkdir(path, 0o700) == 0 || errno == EEXIST, "no folder in /dev/shm")
        defer {
            unlink(path + "/config.json")
            rmdir(path)
        }
        try body(path)
    }
}
