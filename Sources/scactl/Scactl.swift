internal import ArgumentParser
internal import Glibc
internal import SCACommandLine

/// The tool: parse, resolve, run, render.
///
/// `main` is synchronous on purpose. An `async` one costs 10 to 30 ms at exit in a statically linked program, more than
/// all the rest; and the main thread is needed for `MainLoop`. `--version` is answered before the argument parser is even
/// touched, because scripts ask it often.
@main
struct Scactl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: name,
        abstract: "Chat from a terminal, a script or a pipe.",
        discussion: """
            Rows go to stdout, as text on a terminal and as JSON lines anywhere else; all else goes to stderr.

            Exit status: 0 done, 1 the answer is no, 64 usage, 65 bad input, 69 server unreachable, 74 I/O error, \
            77 not logged in, 78 bad configuration, 124 time ran out, 128+n ended by signal n.
            """,
        version: version,
        subcommands: [
            Login.self, Logout.self, Who.self, Send.self, Listen.self, History.self, Health.self, Chat.self, Pipe.self,
            Bot.self, Doctor.self, Completions.self,
        ]
    )

    static let name = "scactl"

    static let version = "scactl 1.0.0 (GNU readline \(ReadlineEditor.libraryVersion))"

    @OptionGroup(title: "Shared options (before or after the command)")
    var shared: SharedOptions

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments == ["--version"], printVersion() { Glibc.exit(ExitStatus.done.rawValue) }
        SystemLog.keepOut()
        guard let loop = MainLoop() else { Glibc.exit(ExitStatus.bug.rawValue) }
        loop.run { stop, signals in
            let context = CommandContext.process(stop: stop, signals: signals)
            // What Tab asks is answered as far as it can be: a complaint would land in what is typed.
            guard let number = GivenWords.unreadable, arguments.first != "---completion" else {
                return await run(arguments, in: context)
            }
            let failure = CommandFailure.badInput(GivenWords.message(number), hint: GivenWords.hint)
            await Console(reading: arguments, in: context).report(failure)
            return failure.status
        }
    }

    /// Runs one command line to its end, everything said and written.
    static func run(_ arguments: [String], in context: CommandContext) async -> ExitStatus {
        do throws(CommandFailure) {
            switch CommandLineReading(arguments) {
            case .command(let command):
                return await run(command, try Console(command.shared, in: context), in: context)
            case .text(let text): return try await show(text, in: context)
            case .welcome(let shared): return try await show(Welcome(shared, in: context).text, in: context)
            case .failure(let failure): throw failure
            }
        } catch {
            await Console(reading: arguments, in: context).report(error)
            return error.status
        }
    }

    private static func show(_ text: String, in context: CommandContext) async throws(CommandFailure) -> ExitStatus {
        if !text.isEmpty { try await context.output.write([Array((text + "\n").utf8)]) }
        return .done
    }

    private static func run(
        _ command: any Subcommand,
        _ console: Console,
        in context: CommandContext
    ) async -> ExitStatus {
        do {
            return try await command.run(console, in: context)
        } catch {
            let failure = CommandFailure(explaining: error)
            await console.report(failure)
            return failure.status
        }
    }

    /// - Returns: false if it could not be written; then the long way round finds out why, and says so.
    private static func printVersion() -> Bool {
        let line = Array("\(version)\n".utf8)
        return write(STDOUT_FILENO, line, line.count) == line.count
    }
}

/// A command of the tool.
protocol Subcommand: ParsableCommand, Sendable {
    var shared: SharedOptions { get }
    /// Does it.
    ///
    /// - Returns: what the shell is told; what went wrong with single records or messages has been reported by then.
    /// - Throws: `CommandFailure` for what ended it.
    func run(_ invocation: Invocation) async throws -> ExitStatus
    /// The same, before options, environment and settings are looked at together: for a command that has something to say
    /// also when they cannot be used.
    func run(_ console: Console, in context: CommandContext) async throws -> ExitStatus
}

extension Subcommand {
    func run(_ console: Console, in context: CommandContext) async throws -> ExitStatus {
        try await run(Invocation(shared, console: console, in: context))
    }
}
