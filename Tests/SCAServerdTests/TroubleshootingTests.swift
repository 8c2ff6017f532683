import Foundation
import NIOHTTP1
import SCACore
import Testing

@testable import SCAServerd

/// `docs/troubleshooting.md` has everything that a server answers, and everything for which it does not start.
@Suite struct TroubleshootingTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    private static func page() throws -> String {
        try String(contentsOfFile: "\(root)/docs/troubleshooting.md", encoding: .utf8)
    }

    /// The words of some columns of the table that follows a sentence of the page.
    private static func names(after sentence: String, columns: Int...) throws -> Set<String> {
        let parts = try page().components(separatedBy: sentence)
        try #require(parts.count == 2, "the page should say this once: \(sentence)")
        let lines = parts[1].components(separatedBy: "\n").drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
        let rows = lines.map { $0.components(separatedBy: "|").dropFirst() }
        let words = rows.flatMap { row in columns.flatMap { row[row.startIndex + $0].split { " `,()".contains($0) } } }
        return Set(words.map(String.init))
    }

    private static func answers(columns: Int = 1) throws -> Set<String> {
        try names(after: "Before the upgrade, by HTTP", columns: columns)
    }

    @Test(arguments: WireError.Code.allCases)
    func everyErrorOnTheWireIsThereWhereItCanCome(_ code: WireError.Code) throws {
        let (isAnswer, isFrame) =
            switch code {
            case .unauthorized, .rateLimited, .draining: (true, false)
            case .invalidFrame, .invalidMobile, .tooLarge: (true, true)
            case .unknownType, .recipientOffline, .recipientBusy: (false, true)
            }
        let frames = try Self.names(after: "In a session, as an `error` frame", columns: 0)
        #expect(try Self.answers().contains(code.rawValue) == isAnswer)
        #expect(frames.contains(code.rawValue) == isFrame)
    }

    @Test func everyCloseCodeIsThere() throws {
        let names = try Self.names(after: "The end of a session, as a close frame", columns: 0)
        #expect(Set(CloseReason.Code.allCases.map { "\($0.rawValue)" }).subtracting(names) == [])
    }

    @Test func everyReasonForANoIsThere() throws {
        let limits = try Self.names(after: "The log's word for the limits", columns: 0)
        #expect(Set(Refusal.Reason.allCases.map(\.rawValue)).subtracting(limits) == [])
        let tokens = try Self.names(after: "### Why a token was refused", columns: 0)
        #expect(Set(TokenRefusal.allCases.map(\.rawValue)).subtracting(tokens) == [])
    }

    /// Those that are no token's are names in metrics only, so they are looked for where they are given.
    @Test func everyOtherFailureToGetInIsThere() throws {
        let source = try String(
            contentsOfFile: "\(Self.root)/Sources/SCAServerd/Metrics/ServerMetrics.swift",
            encoding: .utf8
        )
        let given = Set(source.matches(of: /\.authFailures, of: "([a-z_]+)"/).map { String($0.1) })
        #expect(given.count == 3)
        #expect(given.subtracting(try Self.answers(columns: 2)) == [])
    }

    @Test func everyErrorThatKeepsItFromStartingIsThere() throws {
        let names = try Self.names(after: "## What scad says when it does not start", columns: 0)
        #expect(Set(ServerError.Code.allCases.map(\.rawValue)).subtracting(names) == [])
    }

    @Test func everyExitStatusOfScadIsThere() throws {
        let names = try Self.names(after: "## What scad says when it does not start", columns: 0)
        let known = ["USAGE": EX_USAGE, "UNAVAILABLE": EX_UNAVAILABLE, "IOERR": EX_IOERR, "CONFIG": EX_CONFIG]
        let given = Set(try Self.sources("scad").flatMap { $0.matches(of: /EX_([A-Z]+)/).map { String($0.1) } })
        let statuses = Set(try given.map { "\(try #require(known[$0]))" })
        #expect(statuses.count >= 4)
        #expect(statuses.subtracting(names) == [])
    }

    /// What it warns of and runs all the same, and what it says of files that it cannot use: up to where it is different each time.
    @Test func everyWarningIsThere() throws {
        let said = try (Self.sources("SCAServerd") + Self.sources("scad")).flatMap { source in
            source.matches(of: /logger\.(?:warning|error)\(\s*(?:"""\s*|")([^"\\:,]{12,})/).map { String($0.1) }
        }
        #expect(said.count >= 5)
        for sentence in said { #expect(try Self.page().contains(sentence), "\(sentence)") }
    }

    /// The Swift sources of a target.
    private static func sources(_ target: String) throws -> [String] {
        let folder = "\(root)/Sources/\(target)"
        let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return try files.filter { $0.hasSuffix(".swift") }.map {
            try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)
        }
    }

    /// NIO's statuses are not ours to list, so those that the server gives are looked for in its source, by their names.
    @Test func everyHTTPStatusOfARefusalIsThere() throws {
        let byName = Dictionary(
            (400...599).map { HTTPResponseStatus(statusCode: $0) }.map { (Self.name(of: $0), $0.code) },
            uniquingKeysWith: { first, _ in first }
        )
        var given: Set<String> = []
        for text in try Self.sources("SCAServerd") {
            given.formUnion(text.matches(of: /HTTP\/1\.1 ([45][0-9][0-9])/).map { String($0.1) })
            given.formUnion(text.matches(of: /\.([a-z][A-Za-z]+)/).compactMap { byName[String($0.1)] }.map { "\($0)" })
        }
        #expect(given.count >= 9)
        #expect(given.subtracting(try Self.answers(columns: 0)) == [])
    }

    /// As it is spelled in Swift: `requestHeaderFieldsTooLarge`.
    private static func name(of status: HTTPResponseStatus) -> String {
        let words = status.reasonPhrase.split { !$0.isLetter }.map { $0.lowercased() }
        return words.prefix(1).joined() + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}
