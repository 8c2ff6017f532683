internal import ArgumentParser

/// What is wrong with a command line, in our own sentences.
extension CommandLineReading {
    static func failure(_ error: any Error, _ arguments: [String]) -> CommandFailure {
        if let failure = optionTakenForValue(error, arguments) { return failure }
        if let failure = programWithoutDashes(arguments) { return failure }
        if let failure = loginOfNobody(error, arguments) { return failure }
        if let command = arguments.first(where: commandNames.contains) {
            let message = sentence(Scactl.message(for: error))
            let isText = command == "send" && message.hasPrefix("unknown option")
            return .usage(message, hint: isText ? "scactl send … -- TEXT, if that is text" : "scactl \(command) --help")
        }
        let message = Scactl.message(for: error)
        if let word = arguments.first(where: { !$0.hasPrefix("-") && message.contains("'\($0)'") }) {
            return noCommand(word)
        }
        return .usage(sentence(message), hint: "scactl --help")
    }

    static func noCommand(_ word: String) -> CommandFailure {
        let near = commandNames.first { $0.hasPrefix(word) || isNear(word, $0) }
        return .usage("there is no command \"\(word)\"", hint: near.map { "scactl \($0)" } ?? "scactl --help")
    }

    /// What `scactl help` is asked about and does not know; the parser would show the help of the whole tool.
    static func unknownTopic(_ arguments: [String]) -> String? {
        let topic = arguments.drop { $0 != "help" }.dropFirst().first { !$0.hasPrefix("-") }
        return topic.flatMap { commandNames.contains($0) || $0 == "help" ? nil : $0 }
    }

    private static var commandNames: [String] {
        Scactl.configuration.subcommands.compactMap { $0.configuration.commandName }
    }

    /// `--timeout -1`: the parser takes the value for an option, and misses the value.
    private static func optionTakenForValue(_ error: any Error, _ arguments: [String]) -> CommandFailure? {
        let message = Scactl.message(for: error)
        guard message.hasPrefix("Missing value for '-"), let option = message.split(separator: "'").dropFirst().first,
            let name = option.split(separator: " ").first.map(String.init),
            let value = zip(arguments, arguments.dropFirst()).first(where: { $0 == name && $1.hasPrefix("-") })?.1
        else { return nil }
        let joined = name.hasPrefix("--") ? "\(name)=\(value)" : "\(name)\(value)"
        return .usage("\(name) needs a value, and \"\(value)\" looks like an option", hint: "\(joined), if it is one")
    }

    /// `login` alone.
    private static func loginOfNobody(_ error: any Error, _ arguments: [String]) -> CommandFailure? {
        guard arguments.first(where: commandNames.contains) == "login",
            Scactl.message(for: error).hasPrefix("Missing expected argument '<mobile>'")
        else { return nil }
        return .usage(
            "whose login? your mobile is 10 to 32 digits; a server on another machine is named with --server",
            hint: "scactl login 9876543210, with your own digits"
        )
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
