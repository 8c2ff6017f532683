import FoundationEssentials
import SCAClient
import SCACore
import Testing

@testable import scactl

/// `docs/troubleshooting.md` has every error of the tool, under the exit status that it comes with. What the server says is
/// held to it in `SCAServerdTests`.
@Suite struct TroubleshootingTests {
    /// The chapters: the number in the heading, and the text up to the next one.
    private static func chapters() throws -> [Int32: String] {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let data = try #require(FileManager.default.contents(atPath: "/\(root)/docs/troubleshooting.md"))
        let parts = String(decoding: data, as: UTF8.self).split(separator: "\n## ").dropFirst()
        let numbered = parts.compactMap { part in Int32(part.prefix { $0 != ":" }).map { ($0, String(part)) } }
        return Dictionary(uniqueKeysWithValues: numbered)
    }

    /// The exit status that a code comes with.
    private static func status(of code: CommandFailure.Code) -> Int32 {
        switch code {
        case .client(let code): CommandFailure(explaining: ClientError(code, "")).status.rawValue
        case .history(let code):
            CommandFailure(explaining: HistoryError(code: code, message: "", hint: "")).status.rawValue
        case .ours(.badInput): 65
        case .ours(.notLoggedIn): CommandFailure.notLoggedIn.status.rawValue
        case .ours(.inputFailed), .ours(.outputFailed): 74
        case .ours(.handlerFailed), .ours(.programEnded): 1
        case .ours(.bug): CommandFailure(explaining: CancellationError()).status.rawValue
        case .ours(.stopped): CommandFailure.stopped.status.rawValue
        case .ours(.readerGone): CommandFailure.readerGone.status.rawValue
        }
    }

    @Test(arguments: CommandFailure.Code.allCases.filter(\.isShown))
    func everyErrorCodeIsInTheChapterOfItsExitStatus(_ code: CommandFailure.Code) throws {
        let status = Self.status(of: code)
        let chapter = try #require(try Self.chapters()[status], "there is no chapter on \(status)")
        #expect(chapter.contains("\n| `\(code.word)` | "), "\(code.word) is not in the chapter on \(status)")
    }

    /// A code with two statuses, by when it happens.
    @Test func anInvalidServerIs69WhileConnecting() throws {
        let failure = CommandFailure(connecting: ClientError(.invalidServer, ""), within: nil)
        #expect(try Self.chapters()[failure.status.rawValue]?.contains("\n| `invalid_server` | ") == true)
    }

    /// Nobody is left with a sentence alone.
    @Test(arguments: ClientError.Code.allCases)
    func everyErrorOfTheClientNamesANextStep(_ code: ClientError.Code) {
        #expect(!CommandFailure(explaining: ClientError(code, "why")).hint.isEmpty)
    }

    @Test(arguments: CheckRow.Grade.allCases)
    func theMarksOfDoctorAreThereWithTheirWords(_ grade: CheckRow.Grade) throws {
        let renderer = TextRenderer(style: .plain, isTerminal: true, zone: .fixed(0), now: { 0 })
        let row = Row.check(CheckRow(subject: .server, grade: grade, message: ""))
        let line = String(decoding: renderer.line(for: row), as: UTF8.self)
        #expect(line.contains(" server \(grade.rawValue):"))
    }
}
