import Foundation
import Testing

/// What must hold after any fault: whatever the tool said is true.
extension Person {
    /// Holds what senders were told against this person's disk.
    ///
    /// - Parameters:
    ///   - sent: every row that any `send` to this person has printed.
    ///   - isWhole: whether no line may be in the file that is no row.
    func expectTruth(
        of sent: [Row],
        isWhole: Bool = true,
        _ remark: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        // What is still on its way may come between the two looks at the file; then both look again.
        var (kept, reading) = (history, try await run("history"))
        while reading.rows["id"] != kept["id"], history["id"] != kept["id"] {
            (kept, reading) = (history, try await run("history"))
        }
        let ids = kept["id"]
        let promised = Set(sent.filter { $0["status"] == "stored" && $0["to"] == mobile }["id"])
        #expect(promised.subtracting(ids).isEmpty, remark, sourceLocation: sourceLocation)
        #expect(Set(ids).count == ids.count, remark, sourceLocation: sourceLocation)
        // A word about each message, and only one.
        #expect(Set(sent["id"]).count == sent["id"].count, remark, sourceLocation: sourceLocation)
        let torn = kept.filter { !$0.isObject }
        #expect(!isWhole || torn.isEmpty, remark, sourceLocation: sourceLocation)
        #expect(reading.exit == .status(0), "\(reading.errors)", sourceLocation: sourceLocation)
        #expect(reading.rows["id"] == ids, remark, sourceLocation: sourceLocation)
        let complains = reading.errors.contains("could not be read")
        #expect(isWhole != complains, "\(reading.errors)", sourceLocation: sourceLocation)
    }
}
