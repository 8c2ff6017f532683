internal import ArgumentParser
internal import SCACore

/// `scactl history`: the messages that this device stored. Needs no server; only to know whose history.
struct History: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        _superCommandName: Scactl.name,
        abstract: "Read stored messages again.",
        discussion:
            "All of them, oldest first, unless options say less. Exits 1 if --grep finds nothing. A TIME is a duration "
            + "ago (90s, 2h, 7d) or a date and time (2026-11-22, 2026-11-22T14:03, with Z or +05:30 if not local). "
            + "--timeout is how long to --follow."
    )

    @Option(
        help: ArgumentHelp("Only conversations with this mobile; repeat, or use commas.", valueName: "mobile"),
        completion: MobileCompletion.peers
    )
    var peer: [String] = []

    @Option(help: ArgumentHelp("Only messages that contain this text.", valueName: "text"))
    var grep: String?

    @Flag(name: [.customShort("i"), .long], help: "Let --grep take small and capital letters for the same.")
    var ignoreCase = false

    @Option(help: ArgumentHelp("Only messages from then on.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Only messages before then.", valueName: "time"))
    var until: String?

    @Option(
        name: [.customShort("n", allowingJoined: true), .customLong("count")],
        help: ArgumentHelp("Only the last N of these.", valueName: "N")
    )
    var count: String?

    @Option(
        name: .customLong("dir"),
        help: ArgumentHelp("Only what came in, or what went out.", valueName: "in|out"),
        completion: .list(["in", "out"])
    )
    var direction: String?

    @Flag(name: .shortAndLong, help: "Then go on, and print what any process stores.")
    var follow = false

    @Flag(help: "Print where the file is, and nothing else.")
    var path = false

    @OptionGroup
    var shared: SharedOptions

    func run(_ invocation: Invocation) async throws -> ExitStatus {
        let file = try invocation.paths.history(of: invocation.mobile())
        let filter = try filter(invocation.context.time)
        let count = try count.map { (text) throws(CommandFailure) in try Int(count: text, for: "-n") }
        if path {
            try await invocation.context.output.write([Array("\(file)\n".utf8)])
            return .done
        }
        let feed = HistoryFeed(path: file, matching: filter)
        let found = try await show(count, of: feed, invocation.console)
        if found == 0, !follow { await invocation.console.explain("no such messages in \(file)") }
        var status = grep != nil && found == 0 ? ExitStatus.no : .done
        if follow { status = try await follow(feed, invocation) }
        let skipped = await feed.skippedLines
        if skipped > 0 {
            await invocation.console.remark("\(skipped) line\(skipped == 1 ? "" : "s") of \(file) could not be read")
        }
        let torn = await feed.tornBytes
        if torn > 0 {
            let sentence = "\(file) ends in a torn line (\(torn) bytes); the next message sets it aside"
            await invocation.console.remark(sentence)
        }
        return status
    }

    /// - Returns: how many rows there were.
    private func show(_ count: Int?, of feed: HistoryFeed, _ console: Console) async throws -> Int {
        guard let count else {
            return try await feed.all { (row) throws(CommandFailure) in try console.showBlocking(.message(row)) }
        }
        let rows = try await feed.last(count)
        try await console.show(rows)
        return rows.count
    }

    /// Ends by a signal, or when time runs out.
    private func follow(_ feed: HistoryFeed, _ invocation: Invocation) async throws -> ExitStatus {
        let time = invocation.context.time
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            if let timeout = invocation.timeout {
                group.addTask {
                    guard (try? await time.sleep(timeout)) != nil else { return }
                    feed.stop()
                }
            }
            while let rows = try await feed.next() { try await invocation.console.show(rows) }
            return .timedOut
        }
    }

    private func filter(_ time: TimeSource) throws(CommandFailure) -> HistoryFilter {
        var filter = HistoryFilter()
        filter.peers = Set(try Mobile.list(peer))
        if let direction {
            filter.direction = HistoryRow.Direction(rawValue: direction)
            if filter.direction == nil {
                throw .usage("--dir takes in or out; found \"\(direction)\"", hint: "--dir in")
            }
        }
        if let grep { filter.search = HistorySearch(grep, ignoringCase: ignoreCase) }
        if ignoreCase, grep == nil { throw .usage("-i is for --grep, which is not there", hint: "--grep TEXT -i") }
        filter.since = try moment(since, "--since", time)
        filter.until = try moment(until, "--until", time)
        return filter
    }

    private func moment(_ text: String?, _ option: String, _ time: TimeSource) throws(CommandFailure) -> Int64? {
        guard let text else { return nil }
        guard let moment = PointInTime(text, now: time.now(), zone: time.zone) else {
            throw .usage(
                "\(option) takes a duration ago like 2h, or a time like 2026-11-22T14:03; found \"\(text)\"",
                hint: "\(option) 2h"
            )
        }
        return moment.unixMilliseconds
    }
}

extension Int {
    /// A number of rows, 0 or more.
    ///
    /// - Throws: `CommandFailure` with status 64.
    init(count text: String, for option: String) throws(CommandFailure) {
        guard let count = Int(text), count >= 0 else {
            throw .usage("\(option) takes a number, 0 or more; found \"\(text)\"", hint: "\(option) 20")
        }
        self = count
    }
}

extension Console {
    /// Prints stored messages.
    func show(_ messages: [HistoryRow]) async throws(CommandFailure) {
        try await show(messages.map(Row.message))
    }
}
