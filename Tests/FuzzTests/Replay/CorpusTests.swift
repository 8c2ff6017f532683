internal import Foundation
internal import Testing

/// Every input of the corpora, found cases among them, holds what its target promises.
struct CorpusTests {
    private static let corpora = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "corpora")

    @Test(.serialized, arguments: FuzzTarget.all.map { $0.name })
    func everyInputOfTheCorpusHoldsWhatItsTargetPromises(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let folder = Self.corpora.appending(path: name)
        let inputs = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(inputs.count >= 10, "\(folder.path) is no corpus")
        for input in inputs {
            let bytes = try [UInt8](Data(contentsOf: input))
            do { try target.run(bytes) } catch { Issue.record("\(name)/\(input.lastPathComponent): \(error)") }
        }
    }

    @Test func aTargetThatIsNotFulfilledIsAFinding() {
        #expect(throws: FuzzFinding.self) { try require(false, "no") }
    }
}
