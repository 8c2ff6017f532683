import FoundationEssentials
import Testing

@testable import scactl

/// What the manual page says of the prompt, against what the prompt knows.
@Suite struct SlashCommandPageTests {
    @Test func thePageHasEachSlashCommandInTheOrderOfHelp() throws {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let page = try #require(FileManager.default.contents(atPath: "/\(root)/docs/man/commands/chat.mdoc"))
        let listed = String(decoding: page, as: UTF8.self).matches(of: /\n\.It Ic (\/[a-z]+)/).map { String($0.1) }
        #expect(listed == SlashCommand.all.map(\.name))
    }
}
