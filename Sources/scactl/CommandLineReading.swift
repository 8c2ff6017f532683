internal import ArgumentParser

/// What a command line asks for.
enum CommandLineReading {
    case command(any Subcommand)
    /// Help, the version, a completion script: for stdout, status 0.
    case text(String)
    case failure(CommandFailure)

    /// What a beginner needs, and nothing else.
    static let welcome = """
        scactl: chat from a terminal, a script or a pipe

          scactl login 9876543210            say who you are, once
          scactl who                         see who is online
          scactl send --to 9812345678 hi     send a message
          scactl listen                      print what arrives
          scactl history -n 20               read it again

        All commands and options: scactl --help
        """

    init(_ arguments: [String]) {
        if let command = Self.direct(arguments) {
            self = .command(command)
            return
        }
        do {
            var parsed = try Scactl.parseAsRoot(arguments)
            if let command = parsed as? any Subcommand {
                self = .command(command)
            } else if parsed is Scactl {
                self = .text(Self.welcome)
            } else {
                // `scactl help …`: running it throws what it has to say.
                try parsed.run()
                self = .text(Scactl.helpMessage())
            }
        } catch  where Scactl.exitCode(for: error) == .success {
            self = .text(Scactl.fullMessage(for: error))
        } catch {
            self = .failure(Self.failure(error, arguments))
        }
    }

    /// The command, if its name comes first and all is well, as in nearly every script.
    ///
    /// Parsing one command takes half the instructions of parsing the whole tool, and parsing is nearly all that a short
    /// command does. Whatever is not this simple goes the long way, which also knows what to say about it.
    private static func direct(_ arguments: [String]) -> (any Subcommand)? {
        guard let name = arguments.first,
            let command = Scactl.configuration.subcommands.first(where: { $0.configuration.commandName == name })
        else { return nil }
        return (try? command.parseAsRoot(Array(arguments.dropFirst()))) as? any Subcommand
    }

    private static func failure(_ error: any Error, _ arguments: [String]) -> CommandFailure {
        let names = Scactl.configuration.subcommands.compactMap { $0.configuration.commandName }
        if let command = arguments.first(where: names.contains) {
            let message = sentence(Scactl.message(for: error))
            let isText = command == "send" && message.hasPrefix("unknown option")
            return .usage(message, hint: isText ? "scactl send … -- TEXT, if that is text" : "scactl \(command) --help")
        }
        if let word = arguments.first(where: { !$0.hasPrefix("-") }), Scactl.message(for: error).contains("'\(word)'") {
            let near = names.first { $0.hasPrefix(word) || isNear(word, $0) }
            return .usage("there is no command \"\(word)\"", hint: near.map { "scactl \($0)" } ?? "scactl --help")
        }
        return .usage(sentence(Scactl.message(for: error)), hint: "scactl --help")
    }

    /// The parser's message as one of our sentences: one line, a small letter first, no full stop.
    private static func sentence(_ message: String) -> String {
        var sentence = message.split(separator: "\n").joined(separator: " ")
        if sentence.hasSuffix(".") { sentence.removeLast() }
        let second = sentence.dropFirst().first
        return second?.isLowercase == true ? sentence.prefix(1).lowercased() + sentence.dropFirst() : sentence
    }

    /// Whether two words differ by one letter: more, less, another, or two swapped.
    private static func isNear(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left), Array(right))
        let start = zip(left, right).prefix { $0 == $1 }.count
        let (restOfLeft, restOfRight) = (left[start...], right[start...])
        let end = zip(restOfLeft.reversed(), restOfRight.reversed()).prefix { $0 == $1 }.count
        let (middle, other) = (restOfLeft.dropLast(end), restOfRight.dropLast(end))
        return max(middle.count, other.count) <= 1 || middle.count == 2 && middle.reversed() == Array(other)
    }
}
