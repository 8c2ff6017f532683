/// Colours and weights for a terminal, or none at all.
///
/// The eight basic colours only: they follow the user's own palette, light or dark.
struct TerminalStyle: Hashable, Sendable {
    /// When to use colours: `--color`.
    enum Choice: String, CaseIterable, Sendable {
        /// On a terminal that has a name, not `dumb`, unless `NO_COLOR` is set.
        case auto
        case always, never

        /// - Parameter option: `--color` as it was given; nil is `auto`.
        /// - Throws: `CommandFailure` with status 64.
        init(option: String?) throws(CommandFailure) {
            guard let choice = Choice(rawValue: option ?? "auto") else {
                throw .usage("--color takes auto, always or never; found \"\(option ?? "")\"", hint: "--color auto")
            }
            self = choice
        }
    }

    enum Tone: String, Sendable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    static let plain = TerminalStyle(isColored: false)

    var isColored: Bool

    /// Puts text, which must be sanitised already, in a tone.
    func callAsFunction(_ tone: Tone, _ text: String) -> String {
        isColored ? "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m" : text
    }
}

extension TerminalStyle {
    /// Decides whether one stream is coloured. `--color` wins over `NO_COLOR` (https://no-color.org), which
    /// counts when it is set and not empty.
    init(_ choice: Choice, isTerminal: Bool, environment: [String: String]) {
        switch choice {
        case .always: isColored = true
        case .never: isColored = false
        case .auto:
            let isAble = isTerminal && !["", "dumb"].contains(environment["TERM", default: ""])
            isColored = isAble && environment["NO_COLOR", default: ""].isEmpty
        }
    }
}
