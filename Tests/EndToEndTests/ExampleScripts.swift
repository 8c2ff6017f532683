import Foundation
import Testing

/// What the tests of the example scripts share.
enum ExampleScripts {
    static let folder = {
        var folder = URL(filePath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        return folder.appending(path: "examples/scripts").path
    }()
}

extension Stage {
    /// Starts a script of the folder, in the person's own.
    func script(_ name: String, _ arguments: String..., by person: Person) throws -> Program {
        // `exec`: the script itself is the process that is waited for and signalled.
        let words = ["-c", #"cd "$0" && exec "$@""#, person.folder, "\(ExampleScripts.folder)/\(name)"]
        return try start("/bin/sh", words + arguments, environment: person.environment)
    }
}

extension Program {
    /// Ends a script as a service manager would, and looks that nothing of it is left.
    func stop(expecting exit: Exit) async throws {
        signal(SIGTERM)
        let finished = try await finish()
        #expect(finished.exit == exit, "\(finished.errors)")
        try await leavesNothing()
    }

    /// Each script leads a process group, which is gone with its last process.
    func leavesNothing() async throws {
        try await eventually("the last process of \(command)") {
            Foundation.kill(-pid, 0) == -1 && errno == ESRCH
        }
    }
}

/// What holds for all of them.
@Suite struct ExampleScriptsTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    /// A script that is added needs a test, its name here, and a place in the README.
    @Test func eachScriptSaysHowToCallIt() async throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: ExampleScripts.folder)
            .filter { !$0.hasSuffix(".md") }
        #expect(
            names.sorted() == [
                "approve", "ask", "ask-yes-no", "bridge", "code-to-file", "echo-bot", "forward-log", "greeter",
                "machine-bot", "notify", "on-call", "relay-to-file", "remind-bot", "todo-bot",
            ]
        )
        let readme = try String(contentsOfFile: "\(ExampleScripts.folder)/README.md", encoding: .utf8)
        let asha = try Person("9876543210", nil, on: stage)
        for name in names {
            // One takes no arguments at all.
            let finished = try await
                (name == "echo-bot"
                ? stage.script(name, "surplus", by: asha) : stage.script(name, by: asha)).finish()
            #expect(finished.exit == .status(64), "\(name)")
            #expect(finished.errors.hasPrefix("usage: \(name) "), "\(name)")
            #expect(readme.contains("\n## \(name)\n") && readme.contains("| [`\(name)`](\(name)) |"), "\(name)")
        }
    }

    /// The page shows a history, commands, and what they print; all three are taken at their word.
    @Test func eachLineOfJqPrintsWhatThePageSays() async throws {
        let page = try String(contentsOfFile: "\(ExampleScripts.folder)/jq.md", encoding: .utf8)
        var asha = try Person("9876543210", nil, on: stage)
        asha.environment["TZ"] = "UTC"
        var examples: [(command: String, output: String)] = []
        var history = ""
        var isExample = false
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            let text = line.dropFirst(4)
            if line.hasPrefix("    $ ") {
                examples.append((String(text.dropFirst(2)), ""))
                isExample = true
            } else if !line.hasPrefix("    ") {
                isExample = false
            } else if isExample {
                examples[examples.count - 1].output += text + "\n"
            } else if examples.isEmpty {
                history += text + "\n"
            }
        }
        #expect(examples.count >= 10 && !history.isEmpty)
        let folder = (asha.historyFile as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(history.utf8).write(to: URL(filePath: asha.historyFile))
        for example in examples {
            let finished = try await asha.shell(example.command).finish()
            #expect(finished.output == example.output, "\(example.command)")
            #expect(finished.exit == .status(0) && finished.errors == "", "\(example.command): \(finished.errors)")
        }
    }
}
