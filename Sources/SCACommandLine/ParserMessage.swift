/// What the option parser says of a command line, as the sentences of both programs: one line, a small letter first, no full stop.
public enum ParserMessage {
    /// A value that starts with a dash, which the parser took for an option.
    public struct DashedValue: Hashable, Sendable {
        /// The option as it was typed.
        public let option: String
        /// What was taken for one.
        public let value: String
        /// Whether the option takes what may begin with a dash: a text, a file's name. A number or a duration never does.
        let canBeOne: Bool

        /// The sentence.
        public var message: String { "\(option) needs a value, and \"\(value)\" looks like an option" }
        /// How the parser takes it for a value; nil if it would be none.
        public var hint: String? {
            guard canBeOne else { return nil }
            return "\(option.hasPrefix("--") ? "\(option)=\(value)" : "\(option)\(value)"), if it is one"
        }
    }

    /// The parser's message as a sentence.
    public static func sentence(_ message: String) -> String {
        var sentence = message.split(separator: "\n").joined(separator: " ")
        if sentence.hasSuffix(".") { sentence.removeLast() }
        let isWord = sentence.dropFirst().first?.isLowercase == true
        return isWord ? sentence.prefix(1).lowercased() + sentence.dropFirst() : sentence
    }

    /// `--timeout -1`: the parser takes the value for an option, and misses the value.
    ///
    /// - Parameters:
    ///   - message: the parser's own.
    ///   - arguments: the command line without the program's name.
    public static func dashedValue(_ message: String, _ arguments: [String]) -> DashedValue? {
        guard message.hasPrefix("Missing value for '-"), let option = message.split(separator: "'").dropFirst().first,
            let name = option.split(separator: " ").first.map(String.init),
            let value = zip(arguments, arguments.dropFirst()).first(where: { $0 == name && $1.hasPrefix("-") })?.1
        else { return nil }
        return DashedValue(
            option: name,
            value: value,
            canBeOne: option.hasSuffix(" <text>") || option.hasSuffix(" <file>")
        )
    }
}
