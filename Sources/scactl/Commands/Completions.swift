internal import ArgumentParser

/// `scactl completions`: the script that teaches a shell to complete `scactl`. Made by the argument parser from the options
/// themselves, so it knows all of them; mobiles come from `MobileCompletion`.
struct Completions: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        _superCommandName: Scactl.name,
        abstract: "Print a completion script for your shell.",
        discussion: """
            Completes commands, options, their values, and mobiles from the history of this device. In ~/.bashrc:
              eval "$(scactl completions bash)"
            in ~/.zshrc, after compinit:
              eval "$(scactl completions zsh)"
            and for fish, once:
              scactl completions fish > ~/.config/fish/completions/scactl.fish
            """
    )

    @Argument(
        help: ArgumentHelp("bash, zsh or fish. (default: what SHELL says)", valueName: "shell"),
        completion: .list(names)
    )
    var shell: String?

    @OptionGroup
    var shared: SharedOptions

    private static let names = ["bash", "zsh", "fish"]

    /// Takes the place of the last line, where bash takes every word for a file. Newest peers come first: bash alone
    /// would put them in order of their digits. Options are offered when one is begun, or Tab would put their common
    /// hyphen on the line. Files are what follows `bot`: its program and the program's arguments.
    private static let bashEnd = #"""
        _scactl_words() {
            _scactl "$@"
            local i isBot=false
            if [[ -z "$2" ]]; then
                for i in "${!COMPREPLY[@]}"; do
                    [[ "${COMPREPLY[i]}" != -* ]] || unset "COMPREPLY[i]"
                done
                COMPREPLY=("${COMPREPLY[@]}")
            fi
            for i in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
                [[ "$i" != bot ]] || isBot=true
            done
            if "$isBot" && [[ "$2" != -* && ("$3" != -* || "$3" = -- || "$3" = --each) && ${#COMPREPLY[@]} -eq 0 ]]; then
                compopt -o default
            fi
        }
        complete -o nosort -F _scactl_words scactl

        """#

    func run(_ invocation: Invocation) async throws -> ExitStatus {
        let shell = try chosen(invocation.context)
        var script = Scactl.completionScript(for: shell) + "\n"
        if shell == .bash { script += Self.bashEnd }
        try await invocation.context.output.write([Array(script.utf8)])
        return .done
    }

    private func chosen(_ context: CommandContext) throws(CommandFailure) -> CompletionShell {
        if let shell {
            guard let known = CompletionShell(rawValue: shell) else {
                throw .usage(
                    "there are completions for bash, zsh and fish; found \"\(shell)\"",
                    hint: "scactl completions bash"
                )
            }
            return known
        }
        let path = context.variable("SHELL") ?? ""
        guard let known = CompletionShell(rawValue: path.split(separator: "/").last.map(String.init) ?? "") else {
            throw .usage(
                path.isEmpty
                    ? "completions for bash, zsh or fish? SHELL does not say"
                    : "there are completions for bash, zsh and fish; SHELL is \"\(path)\"",
                hint: "scactl completions bash"
            )
        }
        return known
    }
}
