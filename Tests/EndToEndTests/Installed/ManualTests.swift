import Foundation
import Testing

/// The manual pages against what the programs know of themselves. The rows of `sca-rows.5` are held to the code by
/// `RowPageTests` in `scactlTests`.
@Suite struct ManualTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    /// A page as `scripts/man` makes it.
    private func page(_ name: String) async throws -> String {
        let script = "\(Stage.repository)/scripts/man"
        let made = try await stage.start(script, ["--build-path", Stage.products, stage.folder]).finish()
        try #require(made.exit == .status(0), "\(made.errors)")
        return try String(contentsOfFile: "\(stage.folder)/\(name)", encoding: .utf8)
    }

    private func tool(_ program: String) async throws -> DumpedCommand {
        let dump = try await stage.start(program, ["--experimental-dump-help"]).finish()
        return try JSONDecoder().decode(DumpedTool.self, from: Data(dump.output.utf8)).command
    }

    @Test(arguments: ["scactl.1", "scad.8", "sca-rows.5"])
    func pagesAreFreeOfWarnings(_ name: String) async throws {
        _ = try await page(name)
        let words = ["mandoc", "-T", "lint", "-W", "warning", "\(stage.folder)/\(name)"]
        let lint = try await stage.start("/usr/bin/env", words).finish()
        #expect(lint.exit == .status(0))
        #expect(lint.output + lint.errors == "")
    }

    @Test func everyCommandHasItsPartWithEachOfItsOptions() async throws {
        let (page, tool) = try await (page("scactl.1"), tool("scactl"))
        let parts = page.components(separatedBy: "\n.Ss ").dropFirst().map { "\n.Ss " + $0 }
        let shared = Set(tool.options.map(\.names))
        let commands = (tool.subcommands ?? []).filter { $0.commandName != "help" }
        #expect(commands.count >= 8)
        for command in commands {
            let part = try #require(parts.first { $0.hasPrefix("\n.Ss \(command.commandName)\n") }, "\(command)")
            #expect(part.contains("\n.D1 Nm scactl \(command.commandName)"))
            for option in command.options where !shared.contains(option.names) {
                for name in option.names { #expect(part.mentions(name), "\(command.commandName): \(name.name)") }
            }
        }
        for option in tool.options { for name in option.names { #expect(page.mentions(name), "\(name.name)") } }
    }

    @Test func everyOptionOfTheDaemonIsThere() async throws {
        let (page, tool) = try await (page("scad.8"), tool("scad"))
        #expect(tool.options.count >= 20)
        let all = tool.everyOption.filter { $0.names.contains { $0.name != "help" && $0.name != "version" } }
        for option in all { for name in option.names { #expect(page.mentions(name), "\(name.name)") } }
    }

    @Test(arguments: [("scactl.1", "scactl"), ("scad.8", "scad"), ("sca-rows.5", "scactl")])
    func noOptionIsMentionedThatIsNotThere(_ name: String, _ program: String) async throws {
        let (page, tool) = try await (page(name), tool(program))
        // The last is of grep, in an example.
        let known = Set(tool.everyOption.flatMap(\.names).map(\.name) + ["line-buffered"])
        // As a macro has it, and as plain text has it, where a hyphen may be written \-.
        let macros = page.matches(of: /\bFl (?:Fl )?([A-Za-z0-9][A-Za-z0-9-]*)/).map { String($0.1) }.filter {
            $0 != "Fl"
        }
        let plain = page.replacing("\\-", with: "-").matches(of: /(?:^|[^\w-])--([a-z][a-z0-9-]*)/).map { String($0.1) }
        #expect(macros.count > 0)
        for name in macros + plain { #expect(known.contains(name), "\(name)") }
    }
}

/// What `--experimental-dump-help` prints, as far as it is needed here.
private struct DumpedTool: Decodable {
    var command: DumpedCommand
}

private struct DumpedCommand: Decodable, Sendable {
    struct Argument: Decodable {
        var kind: String
        var shouldDisplay: Bool
        var names: [Name]?
    }

    struct Name: Decodable, Hashable {
        var kind: String
        var name: String
    }

    var commandName: String
    var arguments: [Argument]?
    var subcommands: [DumpedCommand]?

    /// Those of its subcommands too, and of theirs.
    var everyOption: [(names: [Name], kind: String)] { options + (subcommands ?? []).flatMap(\.everyOption) }

    /// Options and flags by their names.
    var options: [(names: [Name], kind: String)] {
        (arguments ?? []).filter { $0.shouldDisplay && $0.kind != "positional" }.map { ($0.names ?? [], $0.kind) }
    }
}

extension String {
    /// Whether a page has an option as an entry of a list.
    fileprivate func mentions(_ name: DumpedCommand.Name) -> Bool {
        let flag = name.kind == "long" ? "Fl Fl \(name.name)" : "Fl \(name.name)"
        return split(separator: "\n").contains { line in
            line.hasPrefix(".It ") && "\(line) ".contains(" \(flag) ")
        }
    }
}

extension Stage {
    /// The checkout that these tests are in.
    static let repository = {
        var folder = URL(filePath: #filePath)
        for _ in 0..<4 { folder.deleteLastPathComponent() }
        return folder.path
    }()
}
