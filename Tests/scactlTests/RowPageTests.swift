import FoundationEssentials
import SCAClient
import SCACore
import Testing

@testable import scactl

/// `docs/man/sca-rows.5` against the rows: every type, its keys in their order, what they hold, which may be absent.
@Suite struct RowPageTests {
    /// What the page says of one key.
    private struct Key: Hashable {
        var name: String
        var holds: String
        var mayBeAbsent: Bool
    }

    /// One of each type with all that it can have, and one with the least.
    static let examples: [(full: Row, least: Row)] = [
        (.message(.example("a", direction: .out, status: .stored)), .message(.example("a"))),
        (.sent(sent("r", "why")), .sent(sent(nil, nil))),
        (.user(World.peer, isOnline: true, reference: "r"), .user(World.peer, isOnline: false)),
        (.who(online: 1, reference: "r"), .who(online: 0, reference: nil)),
        (.presence(World.peer, isOnline: true, at: 1), .presence(World.peer, isOnline: false, at: 1)),
        (
            .status(StatusRow(state: .lagging, attempt: 1, gap: .seconds(1), dropped: 1, unixMilliseconds: 1)),
            .status(StatusRow(state: .connected, unixMilliseconds: 1))
        ),
        (health(connections: 1), health(connections: nil)),
        (.login(World.me, server: "ws://h", dialect: .v2), .login(World.me, server: "ws://h", dialect: .base)),
        (.check(.failed(.server, "m", hint: "h")), .check(.ok(.server, "m"))),
        (
            .error(failure()),
            .error(CommandFailure(.ours(.bug), "m", hint: "h", status: .bug))
        ),
    ]

    @Test func thePageHasEveryTypeAndNoOther() throws {
        let parts = try Self.parts()
        #expect(parts.map(\.type) == Self.examples.map { Self.name(of: $0.full) })
    }

    @Test(arguments: examples.indices)
    func eachKeyIsInItsPlaceWithWhatItHolds(_ index: Int) throws {
        let (full, least) = Self.examples[index]
        let type = Self.name(of: full)
        let part = try #require(try Self.parts().first { $0.type == type })
        let keys = try Self.keys(of: full)
        let always = Set(try Self.keys(of: least).map(\.name))
        let expected = keys.map { Key(name: $0.name, holds: $0.holds, mayBeAbsent: !always.contains($0.name)) }
        #expect(part.keys == expected)
    }

    /// A key that only some rows have would escape the examples above, were it forgotten there.
    @Test func everyKeyThatTheRendererKnowsIsInAnExample() throws {
        let source = try Self.file("Sources/scactl/Rendering/JSONLinesRenderer.swift")
        let known = Set(source.matches(of: /object\.add\("([a-z_]+)"/).map { String($0.1) })
        let shown = Set(try Self.examples.flatMap { try Self.keys(of: $0.full).map(\.name) })
        #expect(known.count > 10)
        #expect(known.subtracting(shown) == [])
    }

    @Test func everyWordOfAStatusAndEveryErrorCodeIsThere() throws {
        let page = try Self.file("docs/man/sca-rows.5")
        let codes = CommandFailure.Code.allCases.filter(\.isShown).map(\.word)
        for word in DeliveryStatus.allCases.map(\.rawValue) + codes {
            #expect(page.contains(" \(word) "), "\(word)")
        }
        let checks = CheckRow.Subject.allCases.map(\.rawValue) + CheckRow.Grade.allCases.map(\.rawValue)
        let words = Set(page.split { $0 == " " || $0 == "\n" })
        for word in checks { #expect(words.contains("\(word)"), "\(word)") }
    }

    /// The type of a row. A new case stops here: it needs an example and a part of the page.
    private static func name(of row: Row) -> String {
        switch row {
        case .message: "message"
        case .sent: "sent"
        case .user: "user"
        case .who: "who"
        case .presence: "presence"
        case .status: "status"
        case .health: "health"
        case .login: "login"
        case .check: "check"
        case .error: "error"
        }
    }

    private static func sent(_ reference: String?, _ reason: String?) -> SentRow {
        SentRow(
            id: MessageID(trusted: "a"),
            reference: reference,
            to: World.peer,
            status: .stored,
            unixMilliseconds: 1,
            elapsed: .zero,
            reason: reason
        )
    }

    private static func failure() -> CommandFailure {
        var failure = CommandFailure(.ours(.bug), "m", hint: "h", status: .badInput, line: 1)
        failure.reference = "r"
        return failure
    }

    private static func health(connections: Int?) -> Row {
        .health(HealthRow(isHealthy: true, status: "ok", connections: connections, server: "ws://h", elapsed: .zero))
    }

    /// The keys of a row in their order, each with what it holds. A row is flat, and no text of the examples has a quote.
    private static func keys(of row: Row) throws -> [(name: String, holds: String)] {
        let line = String(decoding: JSONLinesRenderer().line(for: row), as: UTF8.self)
        return line.matches(of: /"([a-z_]+)":(?:(")|(true|false)|[0-9])/).map { match in
            (String(match.1), match.2 != nil ? "text" : match.3 != nil ? "boolean" : "integer")
        }
    }

    /// The parts of the page's ROWS: their names and their lists.
    private static func parts() throws -> [(type: String, keys: [Key])] {
        let page = try file("docs/man/sca-rows.5")
        let rows = try #require(page.split(separator: "\n.Sh ").first { $0.hasPrefix("ROWS\n") })
        return rows.split(separator: "\n.Ss ").dropFirst().map { part in
            let keys = part.matches(of: /\n\.It Cm ([a-z_]+) Pq ([a-z]+)( , may be absent)?\n/).map {
                Key(name: String($0.1), holds: String($0.2), mayBeAbsent: $0.3 != nil)
            }
            return (String(part.prefix { $0 != "\n" }), keys)
        }
    }

    private static func file(_ path: String) throws -> String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let data = try #require(FileManager.default.contents(atPath: "/\(root)/\(path)"))
        return String(decoding: data, as: UTF8.self)
    }
}
