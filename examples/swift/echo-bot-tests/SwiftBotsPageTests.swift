import Foundation
import Testing

/// Pages show code that is compiled and run: every block of Swift is an excerpt of this example or of its tests.
@Suite struct SwiftBotsPageTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    }

    @Test(arguments: [
        ("docs/swift-bots.md", 10), ("Sources/SCAClient/SCAClient.docc/TalkToAServer.md", 3),
        ("Sources/SCACore/SCACore.docc/ReadAHistory.md", 2),
    ])
    func everyBlockIsAnExcerptOfTheExample(path: String, count: Int) throws {
        let page = try text(path)
        let blocks = page.matches(of: /(?s)\n```swift\n(.*?\n)```\n/).map { String($0.output.1) }
        #expect(blocks.count >= count)
        #expect(blocks.count == page.matches(of: /(?m)^```\w/).count, "a block of another kind, which nobody checks")
        let folders = ["echo-bot", "echo-bot-tests"].map { "examples/swift/\($0)" }
        let files = try folders.flatMap { folder in
            try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: folder).path)
                .map { "\(folder)/\($0)" }
        }
        // With its newline before, so that a block begins where a line does.
        let sources = try (["examples/swift/Package.swift"] + files).map { "\n" + (try text($0)) }
        for block in blocks {
            #expect(sources.contains { $0.contains("\n" + block) }, "not in the example:\n\(block)")
        }
    }

    @Test func theManifestNamesProductsThatThereAre() throws {
        let manifest = try text("Package.swift")
        let products = try text("examples/swift/Package.swift").matches(of: /name: "(\w+)", package: "sca"/)
        #expect(products.count >= 3)
        for product in products { #expect(manifest.contains(".library(name: \"\(product.output.1)\"")) }
    }
}
