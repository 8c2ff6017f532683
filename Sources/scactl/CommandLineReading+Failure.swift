internal import ArgumentParser
internal import SCACommandLine

/// What is wrong with a command line, in our own sentences.
extension CommandLineReading {
    static func failure(_ error: any Error, _ arguments: [String]) -> CommandFailure {
        if let word = commandWord(arguments), word != "help", !commandNames.contains(word) { return noCommand(word) }
        if let dashed = ParserMessage.dashedValue(Scactl.message(for: error), arguments) {
            return .usage(dashed.message, hint: dashed.hint ?? help(arguments))
        }
        if let failure = programWithoutDashes(arguments) { return failure }
        let message = ParserMessage.sentence(Scactl.message(for: error))
        let isText = arguments.first(where: commandNames.contains) == "send" && message.hasPrefix("unknown option")
        return .usage(message, hint: isText ? "scactl send … -- TEXT, if that is text" : help(arguments))
    }

    /// What tells of the options that were used.
    private static func help(_ arguments: [String]) -> String {
        arguments.first(where: commandNames.contains).map { "scactl \($0) --help" } ?? "scactl --help"
    }

    static func noCommand(_ word: String) -> CommandFailure {
        let near = NearWord.of(word.lowercased(), among: commandNames)
        return .usage("there is no command \"\(word)\"", hint: near.map { "scactl \($0)" } ?? "scactl --help")
    }

    /// What `scactl help` is asked about and does not know; the parser would show the help of the whole tool.
    static func unknownTopic(_ arguments: [String]) -> String? {
        let topic = arguments.drop { $0 != "help" }.dropFirst().first { !$0.hasPrefix("-") }
        return topic.flatMap { commandNames.contains($0) || $0 == "help" ? nil : $0 }
    }

    /// The word in a command's place: the first one with nothing before it but whole shared options; nil if there is none.
    private static func commandWord(_ arguments: [String]) -> String? {
        let place = arguments.indices.first { index in
            !arguments[index].hasPrefix("-") && (try? SharedOptions.parse(Array(arguments[..<index]))) != nil
        }
        return place.map { arguments[$0] }
    }

    private static var commandNames: [String] {
        Scactl.configuration.subcommands.compactMap { $0.configuration.commandName }
    }

    /// `bot sh -c …`: the program's options are taken for ours.
    private static func programWithoutDashes(_ arguments: [String]) -> CommandFailure? {
        guard !arguments.contains("--"), let bot = arguments.firstIndex(of: "bot"),
            !arguments[..<bot].contains(where: commandNames.contains),
            // Our own options alone are well formed, the first word after them is the program.
            let program = arguments.indices.first(where: { $0 > bot && isProgram(at: $0, arguments, after: bot) })
        else { return nil }
        let ours = arguments[...bot].joined(separator: " ") + arguments[(bot + 1)..<program].map { " \($0)" }.joined()
        return .usage(
            "the options of \"\(arguments[program])\" are taken for ours; -- goes before the program",
            hint: "scactl \(ours) -- \(arguments[program]) …"
        )
    }

    /// Whether this is a word, something follows it, and what is before it is a whole command line.
    private static func isProgram(at index: Int, _ arguments: [String], after bot: Int) -> Bool {
        !arguments[index].hasPrefix("-") && index + 1 < arguments.count
            && (try? Bot.parseAsRoot(Array(arguments[..<bot]) + arguments[(bot + 1)..<index])) is Bot
    }
}
