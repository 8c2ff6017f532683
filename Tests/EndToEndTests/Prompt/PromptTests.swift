import Foundation
import Testing

/// `scactl chat` in a real terminal: the scenarios of `Tests/Prompt`, each with a server and folders of its own.
///
/// A scenario is a Python function `NAME(scene)`, since `pexpect` and `pyte` are the best that there is for a terminal and its
/// screen. It says nothing and ends with 0, or says what it waited for in vain and how the screen looked.
@Suite(.needsInteropPython) struct PromptTests {
    private static let folder = {
        var folder = URL(filePath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        return folder.appending(path: "Prompt").path
    }()

    /// The names of all of them, as they stand in the files.
    private static let scenarios: [String] = {
        let files = FileManager.default.enumerator(atPath: "\(folder)/scenarios")?.compactMap { $0 as? String } ?? []
        return files.filter { $0.hasSuffix(".py") }.sorted().flatMap { file in
            let text = (try? String(contentsOfFile: "\(folder)/scenarios/\(file)", encoding: .utf8)) ?? ""
            return text.matches(of: /(?m)^def (\w+)\(scene\):/).map { String($0.output.1) }
        }
    }()

    private let stage: Stage
    init() async { stage = await Stage() }

    @Test(arguments: scenarios)
    func prompt(_ scenario: String) async throws {
        let server = try await stage.lastingServer()
        let options = [
            "--programs", Stage.products, "--folder", stage.folder,
            "--server", server.url, "--server-pid", "\(server.program.pid)",
        ]
        let finished = try await play([scenario] + options)
        #expect(finished.exit == .status(0), "\(finished.errors)")
    }

    /// Both sides read the same names, so that none is left out in silence.
    @Test func everyScenarioIsPlayed() async throws {
        let listed = try await play(["--list"]).lines
        #expect(listed.count > 100)
        #expect(listed.sorted() == Self.scenarios.sorted())
    }

    private func play(_ arguments: [String]) async throws -> Finished {
        guard let python = Interop.python else { throw Failure("SCA_INTEROP_PYTHON is not set") }
        let environment = ["PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"]
        let words = ["\(Self.folder)/run.py"] + arguments
        return try await stage.start(python, words, environment: environment).finish(within: .seconds(600))
    }
}
