internal import SCACommandLine
internal import SCACore

/// What a line at the prompt means.
enum ChatEntry: Hashable, Sendable {
    case nothing
    /// For the current peer.
    case text(String)
    case command(SlashCommand)
    /// Neither sent nor done: a sentence why, and what to type instead.
    case refused(String)
}

/// What can be typed with a slash in front.
enum SlashCommand: Hashable, Sendable {
    case to(Mobile)
    case who
    /// The last messages with the current peer, or with all.
    case history(Int)
    case grep(String)
    case status
    /// Whose comings and goings are shown: everyone's, or those that matter.
    case presence(Bool)
    case help
    case quit

    /// Each with its argument and what it does, in the order that `/help` tells them.
    static let all: [(name: String, argument: String, does: String)] = [
        ("/to", "MOBILE", "choose whom you write to"),
        ("/who", "", "who is online"),
        ("/history", "[N]", "the last messages with the current peer (20 unless said)"),
        ("/grep", "TEXT", "messages that contain TEXT, with anybody"),
        ("/presence", "on|off", "show who comes and goes: everyone, or those you talk to"),
        ("/status", "", "the connection, and what waits to be sent"),
        ("/help", "", "this"),
        ("/quit", "", "leave, as Ctrl-D does"),
    ]

    /// How many messages `/history` shows unless told.
    static let historyCount = 20
}

extension ChatEntry {
    /// Reads a line. One slash begins a command, two a text that begins with one; a command that is not known, or makes no
    /// sense, is refused and never sent as text. So is a command with a blank in front, which is a slip; other texts with a slash
    /// behind blanks are code or paths, and are sent.
    init(_ line: String) {
        let line = line.hasSuffix("\n") ? String(line.dropLast()) : line
        if line.allSatisfy(\.isWhitespace) {
            self = .nothing
        } else if line.hasPrefix("//") {
            self = .text(String(line.dropFirst()))
        } else if line.hasPrefix("/") {
            self = Self.command(line)
        } else if let name = Self.commandBehindBlanks(line) {
            self = .refused("a blank before \(name): without it, it is done; /\(name) sends it")
        } else {
            self = .text(line)
        }
    }

    /// The first word of a line that begins with blanks, if it is a command, or nearly one.
    private static func commandBehindBlanks(_ line: String) -> String? {
        guard line.first?.isWhitespace == true else { return nil }
        let name = line.drop(while: \.isWhitespace).prefix { !$0.isWhitespace }
        guard name.hasPrefix("/"), !name.hasPrefix("//"), near(name) != nil else { return nil }
        return String(name)
    }

    /// The command's name, without its slash, that may be meant.
    private static func near(_ name: Substring) -> String? {
        NearWord.of(name.dropFirst().lowercased(), among: SlashCommand.all.map { String($0.name.dropFirst()) })
    }

    private static func command(_ line: String) -> ChatEntry {
        let name = line.prefix { !$0.isWhitespace }
        let argument = String(line.dropFirst(name.count).drop(while: \.isWhitespace)).trimmingEnd
        switch name {
        case "/to": return to(argument)
        case "/history": return history(argument)
        case "/grep": return argument.isEmpty ? .refused("/grep what? /grep TEXT") : .command(.grep(argument))
        case "/presence":
            guard argument == "on" || argument == "off" else { return .refused("/presence takes on or off") }
            return .command(.presence(argument == "on"))
        case "/who": return alone(.who, name, argument)
        case "/status": return alone(.status, name, argument)
        case "/help": return alone(.help, name, argument)
        case "/quit": return alone(.quit, name, argument)
        default:
            let shown = name.count > 40 ? name.prefix(40) + "…" : name
            let hint = near(name).map { "; did you mean /\($0)?" } ?? ""
            let found = "there is no command \(shown)\(hint)"
            return .refused("\(found); /help lists them, //… sends a text that begins with /")
        }
    }

    private static func alone(_ command: SlashCommand, _ name: Substring, _ argument: String) -> ChatEntry {
        argument.isEmpty ? .command(command) : .refused("\(name) stands alone")
    }

    private static func to(_ argument: String) -> ChatEntry {
        if argument.isEmpty { return .refused("to whom? /to MOBILE; Tab completes") }
        do throws(CommandFailure) { return .command(.to(try Mobile(argument: argument))) } catch {
            return .refused(error.message + (Mobile(error.hint).map { "; /to \($0)?" } ?? ""))
        }
    }

    private static func history(_ argument: String) -> ChatEntry {
        if argument.isEmpty { return .command(.history(SlashCommand.historyCount)) }
        guard let count = Int(argument), (1...1_000).contains(count) else {
            return .refused("/history takes a number from 1 to 1000")
        }
        return .command(.history(count))
    }
}

extension String {
    fileprivate var trimmingEnd: String {
        var rest = self[...]
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
