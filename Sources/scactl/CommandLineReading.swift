internal import ArgumentParser

/// What a command line asks for.
enum CommandLineReading {
    case command(any Subcommand)
    /// Help, the version, what Tab offers: for stdout, status 0.
    case text(String)
    /// Nothing yet: what can be typed next, for stdout, status 0.
    case welcome(SharedOptions)
    case failure(CommandFailure)

    init(_ arguments: [String]) {
        if let command = Self.direct(arguments) {
            self = .command(command)
            return
        }
        do {
            var parsed = try Scactl.parseAsRoot(arguments)
            if let command = parsed as? any Subcommand {
                self = .command(command)
            } else if let tool = parsed as? Scactl {
                self = .welcome(tool.shared)
            } else if let word = Self.unknownTopic(arguments) {
                self = .failure(Self.noCommand(word))
            } else {
                // `scactl help …`: running it throws what it has to say.
                try parsed.run()
                self = .text(Scactl.helpMessage())
            }
        } catch  where Scactl.exitCode(for: error) == .success {
            self = .text(Scactl.fullMessage(for: error))
        } catch  where arguments.first == "---completion" {
            // A completion script of another version asks for what is not there: nothing is offered, and nothing said.
            self = .text("")
        } catch {
            self = .failure(Self.failure(error, arguments))
        }
    }

    /// The command, if its name comes first and all is well, as in nearly every script.
    ///
    /// Parsing one command takes half the instructions of parsing the whole tool, and parsing is nearly all that a short
    /// command does. Whatever is not this simple goes the long way, which also knows what to say about it. That commands name the tool as
    /// what is above them (`_superCommandName`) spares them another tenth: the parser would first parse each as two commands of its
    /// own, which ask for completion scripts.
    private static func direct(_ arguments: [String]) -> (any Subcommand)? {
        guard let name = arguments.first,
            let command = Scactl.configuration.subcommands.first(where: { $0.configuration.commandName == name })
        else { return nil }
        return (try? command.parseAsRoot(Array(arguments.dropFirst()))) as? any Subcommand
    }
}

extension [String] {
    /// What an option is given in a command line that is not, or cannot be, parsed; nil if it is not there.
    func lastValue(of long: String, _ short: String) -> String? {
        var value: String?
        for (index, word) in prefix(while: { $0 != "--" }).enumerated() {
            if word == long || word == short {
                value = dropFirst(index + 1).first
            } else if word.hasPrefix(long + "=") {
                value = String(word.dropFirst(long.count + 1))
            } else if word.hasPrefix(short), !word.hasPrefix("--") {
                value = String(word.dropFirst(short.count).drop { $0 == "=" })
            }
        }
        return value
    }
}
