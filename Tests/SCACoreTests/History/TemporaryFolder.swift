import FoundationEssentials
import Glibc
import Testing

@testable import SCACore

/// A folder of a test's own, removed with everything in it when the test lets go of it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/sca-test-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A history two folders down, neither of which exists yet.
    var history: String { path + "/sca/9876543210/history.jsonl" }

    func write(_ text: some StringProtocol, to file: String) throws {
        try PrivateFolder.make(PrivateFolder.holding(file))
        try Data(text.utf8).write(to: URL(filePath: file))
    }

    func text(of file: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: file)), as: UTF8.self)
    }

    /// The permission bits of a file or folder.
    func mode(of file: String) throws -> mode_t {
        var status = stat()
        try #require(stat(file, &status) == 0)
        return status.st_mode & 0o777
    }

    func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }
}

extension Mobile {
    static func test(_ text: String) throws -> Mobile { try #require(Mobile(text)) }
}

extension HistoryRow {
    /// A row of a conversation between 9876543210, whose history it is, and `peer`.
    static func test(
        _ id: String,
        _ text: String = "hi",
        ts: Int64 = 1_795_363_670_974,
        _ direction: Direction = .in,
        peer: String = "9123456789",
        status: DeliveryStatus? = nil
    ) throws -> HistoryRow {
        let me = try Mobile.test("9876543210")
        let peer = try Mobile.test(peer)
        return HistoryRow(
            id: try #require(MessageID(id)),
            ts: ts,
            direction: direction,
            from: direction == .in ? peer : me,
            to: direction == .in ? me : peer,
            text: text,
            status: status
        )
    }

    var line: String {
        var bytes = [UInt8]()
        appendLine(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    static func read(_ line: some StringProtocol) -> HistoryRow? { read(Array(line.utf8)) }

    static func read(_ line: [UInt8]) -> HistoryRow? { HistoryRow(line: line.span) }
}
