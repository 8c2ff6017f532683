import Foundation
import Testing

/// `bot --each`: the program once for each message.
@Suite(.serialized) struct EachTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func whatItWritesIsTheReplyInOrderForEachSender() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let mina = try stage.person("9000000003", on: server)
        let bot = try await bot(ravi, #"echo "$SCACTL_TEXT!""#, "--max-replies-per-minute", "0")
        let listeners = [try await asha.listen(), try await mina.listen()]
        let lines = (1...100).map { "\($0)" }
        for person in [asha, mina] {
            let input = Input.text(lines.joined(separator: "\n"))
            let answer = try await person.run("send", "-l", "--to", ravi.mobile, input: input, within: .seconds(300))
            #expect(answer.exit == .status(0))
        }
        for listener in listeners {
            #expect(try await listener.rows(100, within: .seconds(300))["text"] == lines.map { "\($0)!" })
        }
        try await stop(bot)
    }

    @Test func handlersOfDifferentSendersRunSideBySide() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let people = try ["9000000003", "9000000004", "9000000005"].map { try stage.person($0, on: server) } + [asha]
        // Each waits until all four run; one after the other they would wait for ever.
        let script = #"touch "in-$SCACTL_FROM"; until [ $(ls in-* | wc -l) = 4 ]; do sleep 0.02; done; echo together"#
        let bot = try await bot(ravi, script, "-j", "4")
        let listeners = try await withThrowingTaskGroup(of: Program.self) { group in
            for person in people { group.addTask { try await person.listen() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for person in people { try await person.run("send", "--to", ravi.mobile, "hi") }
        for listener in listeners { #expect(try await listener.rows(1)["text"] == ["together"]) }
        try await stop(bot)
    }

    @Test func oneThatFailsFloodsOrWritesNoTextRepliesNothing() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let script = #"""
            case $SCACTL_TEXT in
                fail) echo never; exit 3 ;;
                crash) echo never; kill -SEGV $$ ;;
                flood) yes ;;
                bytes) printf '\377\376' ;;
                silent) ;;
                *) echo "still here" ;;
            esac
            """#
        let bot = try await bot(ravi, script, "-o", "text", "-j", "1")
        let listener = try await asha.listen()
        for text in ["fail", "crash", "flood", "bytes", "silent", "hi"] {
            try await asha.run("send", "--to", ravi.mobile, text)
        }
        #expect(try await listener.rows(1)["text"] == ["still here"])
        let sentences = [
            "sh ended with status 3", "sh was ended by signal 11",
            "sh wrote more than the 65536 bytes that this server takes, and was ended",
            "sh wrote what is not UTF-8; a message is text",
        ]
        for sentence in sentences {
            #expect(try await bot.said(sentence).hasSuffix("; no reply to \(asha.mobile)"))
        }
        try await stop(bot)
    }

    @Test func oneThatTakesTooLongIsEndedWithAllItStarted() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let script =
            #"[ "$SCACTL_TEXT" = slow ] || { echo quick; exit; }; trap '' TERM; sleep 600 & echo $$ > group; wait; sleep 600"#
        let bot = try await bot(ravi, script, "-o", "text", "--handler-timeout", "3s")
        let listener = try await asha.listen()
        for text in ["slow", "quick"] { try await asha.run("send", "--to", ravi.mobile, text) }
        #expect(try await listener.rows(1)["text"] == ["quick"])
        try await bot.said("sh took longer than 3s and was ended; no reply to \(asha.mobile)")
        try await isGone(try await number(in: "\(ravi.folder)/group"))
        try await stop(bot)
    }

    @Test func whatItLeavesBehindIsEndedAndHoldsNothingUp() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let bot = try await bot(ravi, "sleep 600 & echo $$ > group; echo done")
        let listener = try await asha.listen()
        try await asha.run("send", "--to", ravi.mobile, "hi")
        #expect(try await listener.rows(1)["text"] == ["done"])
        try await isGone(try await number(in: "\(ravi.folder)/group"))
        try await stop(bot)
    }

    @Test func handlersEndWithTheBot() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let bot = try await bot(ravi, "trap '' TERM; echo $$ > group; while :; do sleep 600; done")
        try await asha.run("send", "--to", ravi.mobile, "hi")
        let group = try await number(in: "\(ravi.folder)/group")
        try await stop(bot)
        try await isGone(group)
    }

    @Test func aScactlWithinIsTheSameMobile() async throws {
        let (server, asha, ravi) = try await stage.scene()
        var plain = ravi
        for variable in ["SCACTL_MOBILE", "SCACTL_SERVER"] { plain.environment[variable] = nil }
        let script = #"scactl send --wait routed --to "$SCACTL_FROM" "from within: $SCACTL_TEXT" >&2"#
        let arguments = ["bot", "-v", "-m", ravi.mobile, "-s", server.url, "--each", "--", "sh", "-c", script]
        let bot = try stage.start("scactl", arguments, environment: plain.environment)
        try await bot.said("connected:")
        let listener = try await asha.listen()
        try await asha.run("send", "--to", ravi.mobile, "hi")
        let row = try #require(try await listener.rows(1).first)
        #expect(row["from"] == ravi.mobile && row["text"] == "from within: hi")
        try await bot.said("sh: {\"type\":\"sent\"")
        try await stop(bot)
    }

    @Test func whatItSaysOnStderrHasItsName() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let bot = try await bot(ravi, "echo 'a word' >&2")
        try await asha.run("send", "--to", ravi.mobile, "hi")
        #expect(try await bot.said("a word") == "sh: a word")
        try await stop(bot)
    }

    private func bot(_ person: Person, _ script: String, _ options: String...) async throws -> Program {
        let words = ["--", "sh", "-c", "cd '\(person.folder)' || exit; \(script)"]
        let arguments = ["bot", "-v", "--each"] + options + words
        let bot = try stage.start("scactl", arguments, environment: person.environment)
        try await bot.said("connected:")
        return bot
    }
}
