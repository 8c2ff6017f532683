internal import Foundation
internal import SCACore
internal import Testing

@testable internal import SCAClient

/// The store over a real file, in a folder of its own.
struct HistoryStoreTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "sca-\(UUID().uuidString)")
    private var path: String { folder.appending(path: "history.jsonl").path }

    private func row(_ number: Int) -> HistoryRow {
        HistoryRow(id: Words.id(number), ts: 5, direction: .in, from: Words.bob, to: Words.alice, text: "\(number)")
    }

    @Test func rowsAreOnDiskAndRepeatsAreTold() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = HistoryStore(path: path)
        #expect(!FileManager.default.fileExists(atPath: path), "made with the first row")
        #expect(try await store.store([row(1), row(2)]) == StoreOutcome(isNew: [true, true]))
        #expect(try await store.store([row(2), row(3)]) == StoreOutcome(isNew: [false, true]))
        try await store.storeOwn([row(4)])
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 4)
        #expect(try await HistoryStore(path: path).store([row(4)]).isNew == [false])
    }

    /// A `listen` beside a `send` may store the copy before `send` stores its own row, which is the first that it stores.
    @Test func ownRowThatASiblingStoredFirstIsNoSecondRow() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try await HistoryStore(path: path).storeOwn([row(0)])
        let sender = HistoryStore(path: path)
        _ = try await HistoryStore(path: path).store([row(1)])
        try await sender.storeOwn([row(1), row(2)])
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 3)
    }

    @Test func tornTailIsSetAsideAndTold() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try await HistoryStore(path: path).storeOwn([row(1)])
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"type\":\"mess".utf8))
        try handle.close()
        let outcome = try await HistoryStore(path: path).store([row(2)])
        #expect(outcome.isNew == [true])
        #expect(outcome.healed.count == 1)
        #expect(outcome.healed.first?.contains("its 13 bytes are now in") == true)
    }

    @Test func fileThatCannotBeIsAnError() async throws {
        let store = HistoryStore(path: "/dev/null/sca/history.jsonl")
        await #expect(throws: HistoryError.self) { try await store.store([row(1)]) }
    }
}
