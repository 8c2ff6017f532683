internal import Glibc
internal import SCACore

/// The program of a bot, found: what to start, with which words and variables. No shell is involved.
struct ProgramCommand: Hashable, Sendable {
    /// Where it is.
    let path: String
    /// All words of the command, its name first.
    let words: [String]
    private let environment: RawEnvironment

    /// How much of a message goes into `SCACTL_TEXT`, in bytes: a variable of 128 KiB is more than Linux takes.
    static let longestText = 65_536

    private static let messageVariables = ["SCACTL_ID", "SCACTL_FROM", "SCACTL_TO", "SCACTL_TS", "SCACTL_TEXT"]

    /// Finds the program as `execvp` would.
    ///
    /// - Parameters:
    ///   - words: what was typed after `--`.
    ///   - environment: what it is started with, and where its `PATH` is.
    ///   - mobile: who a `scactl` that the program runs is.
    ///   - server: where that one connects to.
    ///   - caFile: by whose authorities it verifies that; nil for the system's.
    /// - Throws: `CommandFailure` with status 64.
    init(
        _ words: [String],
        environment: RawEnvironment,
        mobile: Mobile,
        server: String,
        caFile: String? = nil
    ) throws(CommandFailure) {
        guard let name = words.first, !name.isEmpty else {
            throw .usage("which program?", hint: "scactl bot -- ./answer.sh")
        }
        path = try Self.find(name, path: environment["PATH"] ?? "/usr/bin:/bin")
        self.words = words
        var environment = environment
        // Those of a message that an outer bot is answering would pass for ours.
        for variable in Self.messageVariables { environment[variable] = nil }
        environment["SCACTL_MOBILE"] = mobile.description
        environment["SCACTL_SERVER"] = server
        if let caFile { environment["SCACTL_CA_FILE"] = caFile }
        self.environment = environment
    }

    /// What it is called in sentences.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The variables it is started with.
    ///
    /// - Parameter message: what it is to answer; nil for a program that reads rows.
    func variables(for message: HistoryRow? = nil) -> RawEnvironment {
        var environment = environment
        if let message {
            environment["SCACTL_ID"] = message.id.text
            environment["SCACTL_FROM"] = message.from.description
            environment["SCACTL_TO"] = message.to.description
            environment["SCACTL_TS"] = String(message.ts)
            let text = message.text.utf8
            if text.count <= Self.longestText, !text.contains(0) { environment["SCACTL_TEXT"] = message.text }
        }
        return environment
    }

    private static func find(_ name: String, path: String) throws(CommandFailure) -> String {
        if name.contains("/") {
            guard access(name, F_OK) == 0 else {
                throw .usage("there is no program \"\(name)\"", hint: "check its path: ls -l \(name)")
            }
            guard isProgram(name) else { throw .usage("\"\(name)\" cannot be run", hint: "chmod +x \(name)") }
            return name
        }
        // An empty entry is the working directory.
        for folder in path.split(separator: ":", omittingEmptySubsequences: false) {
            let candidate = folder.isEmpty ? "./\(name)" : "\(folder)/\(name)"
            if isProgram(candidate) { return candidate }
        }
        let isHere = isProgram("./\(name)")
        throw .usage(
            "there is no program \"\(name)\" in PATH",
            hint: isHere ? "scactl bot -- ./\(name)" : "scactl bot -- PATH/TO/\(name)"
        )
    }

    private static func isProgram(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
