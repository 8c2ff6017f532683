internal import SCACore

/// The program of a bot while the bot runs: one that stays, or one for each message.
protocol BotProgram: Sendable {
    /// Takes a message to be answered. Does not wait for anything.
    func deliver(_ message: HistoryRow) async
    /// Runs it until `stop`.
    func run() async
    /// Ends it and everything it has started, within a second. May be called more than once.
    func stop() async
}

/// What both kinds of program say, and where.
struct BotVoice: Sendable {
    let console: Console
    let name: String
    let outlet: RowOutlet

    /// Something that went wrong with one message or one run; the bot goes on.
    func report(_ code: CommandFailure.Code.Ours, _ sentence: String, hint: String) async {
        await console.report(CommandFailure(.ours(code), sentence, hint: hint, status: .no))
    }

    /// A line of the program's stderr. Blocks.
    func passOn(_ line: String) {
        console.passOn(line, of: name)
    }

    /// The bot ends while so many messages are handled, or wait for it.
    func reportUnanswered(_ count: Int) async {
        let what = count == 1 ? "1 message that came got" : "\(count) messages that came got"
        await console.remark("\(what) no reply: the bot ended first")
    }

    /// Nothing can come from the program any more, and it stays.
    func reportMute() async {
        await console.remark("\(name) has closed its stdout and goes on; it can send nothing more")
    }

    /// The program is too slow, for the first time since it was not.
    func reportLagging() async {
        await console.remark("\(name) is slower than rows come; it misses some (every message is in the history)")
    }
}
