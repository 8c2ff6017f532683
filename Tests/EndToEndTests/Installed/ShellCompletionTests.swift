import Foundation
import Testing

/// The completion scripts in the shells they are for: real Tabs at real prompts.
@Suite struct ShellCompletionTests {
    private let stage: Stage
    private let asha: Person

    init() async throws {
        stage = await Stage()
        var asha = try stage.person("9876543210", on: nil)
        // zsh and fish want a home; a terminal without powers keeps what they print simple.
        asha.environment.merge(["HOME": asha.folder, "TERM": "dumb"]) { $1 }
        self.asha = asha
        let folder = "\(asha.folder)/data/sca/\(asha.mobile)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let rows = ["9000000001", "9812345678", "9123456780"].enumerated().map { number, peer in
            #"{"type":"message","id":"m\#(number)","ts":1795363670974,"dir":"in","from":"\#(peer)","to":"9876543210","text":"hi"}"#
        }
        try Data((rows.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: "\(folder)/history.jsonl"))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func theScriptIsOneForItsShell(_ shell: String) async throws {
        let check = try await asha.shell("scactl completions \(shell) > script && \(shell) -n script").finish()
        #expect(check.exit == .status(0))
        #expect(check.output + check.errors == "")
    }

    /// Each row: words of a command line, the last one begun, and what is offered.
    @Test(arguments: [
        (["send", "--to", ""], ["9123456780", "9812345678", "9000000001"]), (["send", "--to", "98"], ["9812345678"]),
        (["send", "--to", "9812345678,9"], ["9812345678,9123456780", "9812345678,9000000001"]),
        (["who", "90"], ["9000000001"]), (["listen", "--from", "98"], ["9812345678"]),
        (["history", "--peer", "9"], ["9123456780", "9812345678", "9000000001"]),
        (["-m", "9000000001", "send", "--to", ""], []), (["login", ""], ["9876543210"]), (["-m", ""], ["9876543210"]),
        (["send", "--wait", ""], ["stored", "routed", "none"]), (["history", "--dir", ""], ["in", "out"]),
        (["listen", "--events", "p"], ["presence"]), (["who", "--color", "a"], ["auto", "always"]),
        (["-o", ""], ["auto", "text", "json"]), (["completions", "z"], ["zsh"]), (["comp"], ["completions"]),
        (["send", "--re"], ["--retry-for"]), (["health", "--wait", ""], []),
        (["chat", "9000000301", ""], []), (["history", ""], []),
    ])
    func bashOffersInThisOrder(_ words: [String], _ expected: [String]) async throws {
        // As bash itself calls it when Tab is pressed at the end of the line.
        let script = """
            eval "$(scactl completions bash)"
            COMP_WORDS=(scactl "$@") COMP_CWORD=$# COMP_LINE="scactl $*" COMP_POINT=${#COMP_LINE}
            _scactl_words scactl "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let words = ["bash", "--norc", "-c", script, "bash"] + words
        let answer = try await stage.start("/usr/bin/env", words, environment: asha.environment).finish()
        #expect(answer.lines == expected)
        #expect(answer.errors == "")
    }

    private static let set = [
        "bash": #"cd; PS1="> "; eval "$(scactl completions bash)""#,
        "zsh": #"PS1="> "; autoload -U compinit; compinit -D -u; eval "$(scactl completions zsh)""#,
        "fish": "scactl completions fish | source",
    ]

    @Test(arguments: ["bash", "zsh", "fish"])
    func tabCompletesTheMobileThatWasBegun(_ shell: String) async throws {
        let shown = try await type("scactl send --to 90\t", until: "*9000000001*", in: shell)
        #expect(shown.contains("9000000001"))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func moreTabsListThePeersNewestFirst(_ shell: String) async throws {
        // fish shows a list by moving the cursor about; it also has a command for what Tab would offer.
        let keys = shell == "fish" ? "complete -C 'scactl who '\r" : "scactl who \t\t\t"
        let shown = try await type(keys, until: "*9123456780*9812345678*9000000001*", in: shell)
        #expect(shown.contains("9000000001"))
    }

    /// In a folder with folders of misleading names. Each row: keys, what must appear, what must not.
    @Test(arguments: [
        ("scactl bo\t", "*scactl bot[ /]*", "bot/"), ("scactl send --to 98\t", "*9812345678[ /]*", "9812345678/"),
        ("scactl bot -- ./prog\t", "*program*", "scactl_words"),
    ])
    func bashTakesOnlyFilesForFiles(_ keys: String, _ pattern: String, _ wrong: String) async throws {
        for name in ["bot", "9812345678", "program"] {
            let folder = "\(asha.folder)/\(name)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        }
        let shown = try await type(keys, until: pattern, in: "bash")
        #expect(!shown.contains(wrong))
    }

    /// Types at a prompt of that shell, in a terminal that zsh's own module makes.
    ///
    /// - Parameter pattern: what must appear.
    private func type(_ keys: String, until pattern: String, in shell: String) async throws -> String {
        let script = """
            zmodload zsh/zpty || exit
            zpty -e prompt "$1"
            zpty -w prompt "$2; echo rea''dy"
            zpty -r prompt shown '*ready*'
            zpty -w -n prompt "$3"
            zpty -r prompt shown "$4" && print -r -- "$shown"
            zpty -d prompt
            """
        let start = ["bash": "bash --norc --noprofile", "zsh": "zsh -f", "fish": "fish --no-config"][shell] ?? ""
        let words = ["zsh", "-f", "-c", script, "zsh", start, Self.set[shell] ?? "", keys, pattern]
        let typed = try await stage.start("/usr/bin/env", words, environment: asha.environment).finish()
        #expect(typed.exit == .status(0), "\(typed.errors)")
        return typed.output
    }
}
