import Foundation
import NIOHTTP1
import SCACore
import Testing

@testable import SCAServerd

/// `docs/troubleshooting.md` has everything that a server answers, and everything for which it does not start.
@Suite struct TroubleshootingTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// The first column of a row of any table, or the second: `| 64 (`bad_configuration`) |` has both.
    private static func names() throws -> Set<String> {
        let text = try String(contentsOfFile: "\(root)/docs/troubleshooting.md", encoding: .utf8)
        let parts = text.components(separatedBy: "\n## What scad says").dropFirst().joined()
        let rows = parts.split(separator: "\n").filter { $0.hasPrefix("| ") }
        let cells = rows.flatMap { $0.split(separator: "|").prefix(2) }
        return Set(cells.flatMap { $0.split { " `,()".contains($0) } }.map(String.init))
    }

    @Test func everyErrorOnTheWireIsThere() throws {
        #expect(Set(WireError.Code.allCases.map(\.rawValue)).subtracting(try Self.names()) == [])
    }

    @Test func everyCloseCodeIsThere() throws {
        #expect(Set(CloseReason.Code.allCases.map { "\($0.rawValue)" }).subtracting(try Self.names()) == [])
    }

    @Test func everyReasonForANoIsThere() throws {
        #expect(Set(Refusal.Reason.allCases.map(\.rawValue)).subtracting(try Self.names()) == [])
        #expect(Set(TokenRefusal.allCases.map(\.rawValue)).subtracting(try Self.names()) == [])
    }

    @Test func everyErrorThatKeepsItFromStartingIsThere() throws {
        #expect(Set(ServerError.Code.allCases.map(\.rawValue)).subtracting(try Self.names()) == [])
    }

    /// NIO's statuses are not ours to list, so those that the server gives are looked for in its source, by their names.
    @Test func everyHTTPStatusOfARefusalIsThere() throws {
        let byName = Dictionary(
            (400...599).map { HTTPResponseStatus(statusCode: $0) }.map { (Self.name(of: $0), $0.code) },
            uniquingKeysWith: { first, _ in first }
        )
        let folder = "\(Self.root)/Sources/SCAServerd"
        let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        var given: Set<String> = []
        for file in files where file.hasSuffix(".swift") {
            let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
            given.formUnion(text.matches(of: /HTTP\/1\.1 ([45][0-9][0-9])/).map { String($0.1) })
            given.formUnion(text.matches(of: /\.([a-z][A-Za-z]+)/).compactMap { byName[String($0.1)] }.map { "\($0)" })
        }
        #expect(given.count >= 9)
        #expect(given.subtracting(try Self.names()) == [])
    }

    /// As it is spelled in Swift: `requestHeaderFieldsTooLarge`.
    private static func name(of status: HTTPResponseStatus) -> String {
        let words = status.reasonPhrase.split { !$0.isLetter }.map { $0.lowercased() }
        return words.prefix(1).joined() + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}
