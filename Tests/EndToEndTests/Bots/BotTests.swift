import Foundation
import Testing

/// `bot` with one program that stays.
@Suite(.serialized) struct BotTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    private let echo = """
        import json, sys
        for line in sys.stdin:
            row = json.loads(line)
            if row["type"] != "message":
                continue
            if row["text"] == "crash":
                sys.exit(7)
            if row["text"] == "junk":
                print("{not json", flush=True)
            else:
                print(json.dumps({"reply": row["id"], "text": row["text"].upper(), "ref": row["id"]}), flush=True)
        """

    @Test func itAnswersAndHearsWhatBecameOfIt() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let bot = try await bot(ravi, python: echo)
        let listener = try await asha.listen()
        for text in ["one", "two é"] { try await asha.run("send", "--to", ravi.mobile, text) }
        #expect(try await listener.rows(2)["text"] == ["ONE", "TWO É"])
        let rows = try await bot.rows(4)
        #expect(rows.of("message")["text"] == ["one", "two é"])
        #expect(rows.of("sent")["ref"] == rows.of("message")["id"])
        try await stop(bot)
    }

    @Test func itComesBackAfterACrash() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let bot = try await bot(ravi, python: echo)
        let listener = try await asha.listen()
        try await asha.run("send", "--to", ravi.mobile, "crash")
        #expect(try await bot.said("program_ended").contains("python3 ended with status 7; starting it again in 250ms"))
        try await asha.run("send", "--to", ravi.mobile, "after")
        #expect(try await listener.rows(1)["text"] == ["AFTER"])
        try await stop(bot)
    }

    @Test func aLineThatIsNotOneIsReportedAndTheRestGoesOn() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let bot = try await bot(ravi, python: echo)
        let listener = try await asha.listen()
        for text in ["junk", "fine"] { try await asha.run("send", "--to", ravi.mobile, text) }
        #expect(try await listener.rows(1)["text"] == ["FINE"])
        #expect(Row(try await bot.said("not a JSON object")).number("line") == 1)
        try await stop(bot)
    }

    @Test func aFloodOfJunkAndNothingReadDoNotHoldUpTheConnection() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let bot = try await bot(ravi, sh: "while :; do echo '{\"op\":\"who\"}'; done")
        let lines = (1...3_000).map { "\($0)" }
        let input = Input.text(lines.joined(separator: "\n"))
        let sender = try asha.start("send", "-l", "--timeout", "10m", "--to", ravi.mobile, input: input)
        let answer = try await sender.finish(within: .seconds(300))
        #expect(Set(answer.rows["status"]) == ["stored"])
        #expect(ravi.history["text"] == lines)
        try await bot.said("is slower than rows come")
        try await stop(bot)
    }

    @Test func aProgramThatStopsReadingMissesRowsAndIsTold() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let script = "while [ ! -e go ]; do sleep 0.05; done; exec cat > rows"
        let bot = try await bot(ravi, sh: script)
        // More than a pipe and the queue hold.
        let text = String(repeating: "x", count: 1000)
        let lines = (1...3_000).map { "\($0) \(text)" }
        let input = Input.text(lines.joined(separator: "\n"))
        let sender = try asha.start("send", "-l", "--timeout", "10m", "--to", ravi.mobile, input: input)
        #expect(Set(try await sender.finish(within: .seconds(300)).rows["status"]) == ["stored"])
        try await bot.said("is slower than rows come")
        try Data().write(to: URL(filePath: "\(ravi.folder)/go"))
        try await asha.run("send", "--to", ravi.mobile, "the last")
        // A row tells how many are missing once there is room again; those that come later follow it, and may be too many once more.
        let rows = try await eventually("each row, or its part in a number") {
            let rows = written(to: "\(ravi.folder)/rows")
            return rows.of("message").count + dropped(rows) >= 3_001 ? rows : nil
        }
        let got = rows.of("message")["text"]
        #expect(got == (lines + ["the last"]).filter(Set(got).contains))
        #expect(dropped(rows) > 0 && got.count + dropped(rows) == 3_001)
        #expect(ravi.history.count == 3_001)
        try await stop(bot)
    }

    @Test func twoBotsThatAnswerEachOtherComeToAnEnd() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let bots = [
            try await bot(asha, python: echo, "--max-replies-per-minute", "5"),
            try await bot(ravi, python: echo, "--max-replies-per-minute", "5"),
        ]
        let mina = try stage.person("9000000003", on: server)
        // Somebody else's bot would have begun; here one says a word to the other in its name.
        #expect(try await asha.run("send", "--to", ravi.mobile, "hello").rows["status"] == ["stored"])
        try await eventually("one of them to say that it is enough") {
            bots.contains { $0.errors.text.contains("gets no more for now") }
        }
        // The limit is for one mobile: others are answered.
        let listener = try await mina.listen()
        try await mina.run("send", "--to", ravi.mobile, "still there?")
        #expect(try await listener.rows(1)["text"] == ["STILL THERE?"])
        let said = ravi.history.filter { $0["to"] == asha.mobile }.count
        #expect(said <= 5)
        for bot in bots { try await stop(bot) }
    }

    @Test func aProgramThatWillNotEndIsKilledWithAllItStarted() async throws {
        let (_, _, ravi) = try await stage.scene()
        let script = "trap '' TERM; sleep 600 & echo $$ > group; while :; do sleep 600; done"
        let bot = try await bot(ravi, sh: script)
        let group = try await number(in: "\(ravi.folder)/group")
        try await stop(bot)
        try await isGone(group)
    }

    @Test func whatItLeftBehindAndWritesOnDoesNotKeepItFromComingBack() async throws {
        let (_, _, ravi) = try await stage.scene()
        // In a session of its own, so that it is not ended with the program; it ends when nobody reads it any more.
        let left = "setsid sh -c 'touch up; while echo; do :; done'"
        let bot = try await bot(ravi, sh: "rm -f up; \(left) & while [ ! -e up ]; do sleep 0.05; done; exit 7")
        #expect(try await bot.said("program_ended").contains("ended with status 7; starting it again"))
        try await stop(bot)
    }

    @Test func aSecondSignalLeavesNothingEither() async throws {
        let (_, _, ravi) = try await stage.scene()
        let bot = try await bot(ravi, sh: "trap '' TERM; echo $$ > group; while :; do sleep 600; done")
        let group = try await number(in: "\(ravi.folder)/group")
        bot.signal(SIGINT)
        bot.signal(SIGTERM)
        #expect(try await bot.finish().exit != .status(0))
        try await isGone(group)
    }

    @Test func aReaderOfItsStdoutThatGoesAwayEndsBoth() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let script = "echo $$ > group; exec sleep 600"
        let pipeline = try ravi.shell("scactl bot -- sh -c '\(script)' | head -n 1")
        let group = try await number(in: "\(ravi.folder)/group")
        try await asha.sees(ravi)
        try await asha.run("send", "--to", ravi.mobile, "only this")
        #expect(try await pipeline.finish().rows["text"] == ["only this"])
        try await isGone(group)
    }

    @Test func aProgramThatIsNotThereIsSaidAtOnce() async throws {
        let asha = try Person("9876543210", nil, on: stage)
        let answer = try await asha.run("bot", "-o", "text", "--", "no-such-program")
        #expect(answer.exit == .status(64))
        let hint = "scactl bot -- PATH/TO/no-such-program"
        #expect(answer.errors == "scactl: there is no program \"no-such-program\" in PATH\n  try: \(hint)\n")
    }

    // MARK: -

    private func bot(_ person: Person, python script: String, _ options: String...) async throws -> Program {
        let path = "\(person.folder)/bot.py"
        try Data(script.utf8).write(to: URL(filePath: path))
        return try await start(person, options + ["--", "python3", path])
    }

    private func bot(_ person: Person, sh script: String) async throws -> Program {
        try await start(person, ["--", "sh", "-c", "cd '\(person.folder)' || exit; \(script)"])
    }

    private func start(_ person: Person, _ arguments: [String]) async throws -> Program {
        let bot = try stage.start("scactl", ["bot", "-v"] + arguments, environment: person.environment)
        try await bot.said("connected:")
        return bot
    }

    /// How many rows the program was told that it missed.
    private func dropped(_ rows: [Row]) -> Int {
        rows.of("status").compactMap { $0.number("dropped") }.reduce(0, +)
    }

    private func written(to path: String) -> [Row] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map { Row(String($0)) }.filter(\.isObject)
    }
}

/// Ends a bot as a service manager would.
func stop(_ bot: Program) async throws {
    bot.signal(SIGTERM)
    let finished = try await bot.finish()
    #expect(finished.exit == .signal(SIGTERM), "\(finished.errors)")
}

/// A number that a program writes to a file.
func number(in path: String) async throws -> pid_t {
    try await eventually("a number in \(path)") {
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        return text.flatMap { $0.hasSuffix("\n") ? pid_t($0.dropLast()) : nil }
    }
}

/// Waits until a process group has nobody left.
func isGone(_ group: pid_t) async throws {
    try await eventually("the last process of group \(group)") { kill(-group, 0) == -1 && errno == ESRCH }
}
