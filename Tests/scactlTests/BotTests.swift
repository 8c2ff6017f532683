import Foundation
import Glibc
import SCAClient
import SCACore
import Testing

@testable import scactl

@Suite(.timeLimit(.minutes(10))) struct BotTests {
    /// As in the process: writing to a program that is gone is an error, not the end.
    init() { signal(SIGPIPE, SIG_IGN) }

    private func world(_ messages: ChatMessage...) -> World {
        var world = World(ScriptedNetwork { $0.events = [messages.map(ClientEvent.message)] })
        world.environment["PATH"] = "/usr/bin:/bin"
        return world
    }

    /// Pauses before a restart are over at once.
    private func impatient(_ world: World) -> World {
        var world = world
        world.sleep = { if $0 > .seconds(100) { try await World.untilCancelled() } }
        return world
    }

    /// Runs a bot until stdout has so many rows, then tells it to stop.
    private func run(_ world: World, rows: Int, _ arguments: String...) async -> World.Outcome {
        async let status = Scactl.run(["bot"] + arguments, in: world.context)
        await world.output.reaches(rows)
        #expect(world.stop.request())
        return World.Outcome(status: await status, rows: world.output.lines, errors: world.errors.lines)
    }

    @Test func whatAHandlerWritesIsTheReply() async throws {
        let world = world(.example("a", text: "hi"))
        let outcome = await run(world, rows: 2, "--each", "--", "sh", "-c", #"echo "you said $SCACTL_TEXT""#)
        #expect(outcome.status == .done && outcome.errors.isEmpty)
        #expect(outcome.rows[0].contains(#""id":"a""#))
        #expect(
            outcome.rows[1]
                == #"{"type":"sent","id":"m1","to":"9812345678","status":"stored","ts":1795356202974,"ms":3}"#
        )
        #expect(try world.connection.submitted.map(\.text) == ["you said hi"])
        #expect(world.history.count == 1 && world.history[0].contains("you said hi"))
    }

    @Test func aProgramThatStaysReadsRowsAndWritesLines() async throws {
        let world = world(.example("a", text: "hi"))
        let script =
            #"read -r row; echo '{"reply":"a","text":"yes","ref":"r"}'; read -r sent; echo "$sent" >&2; read -r end"#
        async let status = Scactl.run(["bot", "--", "sh", "-c", script], in: world.context)
        await world.errors.reaches(1)
        #expect(world.stop.request())
        #expect(await status == .done)
        let sent = #"{"type":"sent","id":"m1","ref":"r","to":"9812345678","status":"stored","ts":1795356202974,"ms":3}"#
        #expect(world.errors.lines == ["sh: " + sent])
        #expect(world.output.lines.last == sent)
        #expect(try world.connection.submitted.map(\.to) == [World.peer])
    }

    @Test func itIsVisibleStoresConfirmsAndReconnects() async throws {
        let world = world(.example("a"))
        _ = await run(world, rows: 1, "--", "cat")
        let configuration = try world.connection.configuration
        #expect(configuration.isVisible && configuration.sendsReceipts && configuration.reconnect == .standard)
        #expect(try world.connection.hasStore)
    }

    @Test func itDoesNotAnswerItself() async throws {
        let world = world(.example("own", from: World.me), .example("a"))
        let outcome = await run(world, rows: 3, "--each", "--", "sh", "-c", "echo $SCACTL_ID")
        #expect(outcome.rows.filter { $0.contains("message") }.count == 2)
        #expect(try world.connection.submitted.map(\.text) == ["a"])
    }

    @Test func aHandlerThatFailsRepliesNothingAndTheBotGoesOn() async throws {
        let world = world(.example("a"), .example("b"))
        let script = #"test $SCACTL_ID = b || exit 3; echo ok"#
        let outcome = await run(world, rows: 3, "-o", "text", "--retry-for", "5m", "--each", "--", "sh", "-c", script)
        let hint = "look at what it was to answer: scactl history --peer 9812345678 --dir in -n 1"
        #expect(outcome.errors == ["scactl: sh ended with status 3; no reply to 9812345678\n  try: \(hint)"])
        #expect(try world.connection.submitted.map(\.text) == ["ok"])
        #expect(try world.connection.submitted.map(\.retryFor) == [.seconds(300)])
    }

    @Test func noMoreThanSoManyRepliesAMinuteAndItIsSaidOnce() async throws {
        let world = world(.example("a"), .example("b"), .example("c"), .example("d", from: World.other))
        let arguments = ["--max-replies-per-minute", "1", "--each", "-j", "1", "--", "sh", "-c", "echo hi"]
        async let status = Scactl.run(["bot"] + arguments, in: world.context)
        await world.output.reaches(8)
        #expect(world.stop.request())
        #expect(await status == .done)
        #expect(Set(try world.connection.submitted.map(\.to)) == [World.peer, World.other])
        #expect(world.output.lines.filter { $0.contains(#""status":"rejected""#) }.count == 2)
        #expect(world.errors.lines.count == 1 && world.errors.lines[0].contains("gets no more for now"))
    }

    /// Quiet is for what nobody needs to know; a reply that is lost is not that.
    @Test func thatRepliesAreNotSentIsSaidAlsoWhenQuiet() async throws {
        let world = world(.example("a"), .example("b"))
        let arguments = ["--max-replies-per-minute", "1", "--each", "-j", "1", "--", "sh", "-c", "echo hi"]
        async let status = Scactl.run(["bot", "-q"] + arguments, in: world.context)
        await world.errors.reaches(1)
        #expect(world.stop.request())
        #expect(await status == .done)
        #expect(world.output.lines.isEmpty)
        #expect(world.errors.lines.count == 1 && world.errors.lines[0].contains("gets no more for now"))
    }

    @Test func aProgramThatEndsIsStartedAgain() async throws {
        let world = impatient(world())
        let script = #"echo '{"to":"9812345678","text":"once"}'; exit 4"#
        async let status = Scactl.run(["bot", "-o", "text", "--", "sh", "-c", script], in: world.context)
        await world.output.reaches(2)
        #expect(world.stop.request())
        #expect(await status == .done)
        let first = world.errors.lines.first?.split(separator: "\n").first
        #expect(first == "scactl: sh ended with status 4; starting it again in 250ms")
        #expect(try world.connection.submitted.map(\.text).prefix(2) == ["once", "once"])
    }

    @Test func aMalformedLineIsReportedToTheProgramAndOnStderr() async {
        let world = world(.example("a"))
        let script = "read -r row; echo; echo oops; read -r error; echo \"$error\" >&2; read -r end"
        async let status = Scactl.run(["bot", "--", "sh", "-c", script], in: world.context)
        await world.errors.reaches(2)
        _ = world.stop.request()
        #expect(await status == .done)
        #expect(world.errors.lines.allSatisfy { $0.hasSuffix(#""exit":65,"line":2}"#) })
    }

    @Test(arguments: [
        ([], "which program?"), (["--", "no-such-program"], "there is no program \"no-such-program\" in PATH"),
        (["--", "./no"], "there is no program \"./no\""), (["--", "/etc/passwd"], "\"/etc/passwd\" cannot be run"),
        (["-j", "2", "--", "cat"], "-j is for --each"),
        (["--handler-timeout", "2s", "--", "cat"], "--handler-timeout is for --each"),
        (["--each", "-j", "65", "--", "cat"], "-j takes 1 to 64; found 65"),
    ])
    func whatMakesNoSenseIsSaidBeforeAnybodySeesUsOnline(_ arguments: [String], _ sentence: String) async {
        let world = world()
        let status = await Scactl.run(["bot", "-o", "text"] + arguments, in: world.context)
        #expect(status == .usage)
        #expect(world.errors.lines.first?.hasPrefix("scactl: \(sentence)") == true)
        #expect(world.network.made.isEmpty)
    }

    @Test func quietPrintsNoRows() async throws {
        let world = world(.example("a"))
        async let status = Scactl.run(
            ["bot", "-q", "--each", "--", "sh", "-c", "echo hi; echo done >&2"],
            in: world.context
        )
        await world.errors.reaches(1)
        #expect(world.stop.request())
        #expect(await status == .done)
        #expect(world.output.lines.isEmpty)
    }

    @Test func whoGotNoReplyBecauseTheBotEndedIsCounted() async {
        let world = world(.example("a"), .example("b"), .example("c", from: World.other))
        let script = "echo started >&2; exec sleep 600"
        async let status = Scactl.run(["bot", "-j", "2", "--each", "--", "sh", "-c", script], in: world.context)
        await world.errors.reaches(2)
        #expect(world.stop.request())
        #expect(await status == .done)
        #expect(world.errors.lines.dropFirst(2) == ["scactl: 3 messages that came got no reply: the bot ended first"])
    }

    @Test func aProgramThatClosesItsStdoutAndStaysIsRemarkedOnce() async {
        let world = world()
        async let status = Scactl.run(["bot", "--", "sh", "-c", "exec >&-; read -r end"], in: world.context)
        await world.errors.reaches(1)
        #expect(world.stop.request())
        #expect(await status == .done)
        #expect(world.errors.lines == ["scactl: sh has closed its stdout and goes on; it can send nothing more"])
    }

    @Test func aLineWithoutEndIsReportedWhileItIsWritten() async {
        let world = world()
        async let status = Scactl.run(
            ["bot", "-o", "text", "--", "sh", "-c", "tr '\\0' x </dev/zero; :"],
            in: world.context
        )
        await world.errors.reaches(1)
        #expect(world.stop.request())
        #expect(await status == .done)
        #expect(world.errors.lines == ["scactl: line 1: a line over 4194304 bytes\n  try: send it in parts"])
    }

    @Test func aReaderOfStderrThatDoesNotReadHoldsNothingUp() async throws {
        let world = world(.example("a"), .example("b"))
        let stuck = StuckSink()
        var context = world.context
        context.errors = stuck
        let script = "echo said >&2; test $SCACTL_ID = b && echo ok || exit 3"
        async let status = Scactl.run(["bot", "--each", "--", "sh", "-c", script], in: context)
        await world.output.reaches(3)
        #expect(world.stop.request())
        #expect(await status == .done)
        #expect(try world.connection.submitted.map(\.text) == ["ok"])
        stuck.letGo()
    }

    @Test func aMessageThatCannotBeStoredEndsItWith74() async {
        let error = HistoryError(code: .full, message: "no space left", hint: "make some")
        let world = World(ScriptedNetwork { $0.events = [[.storeFailed(error), .message(.example("a"))]] })
        #expect(await world.run("bot", "--", "/bin/cat").status == .io)
    }

    @Test func aMessageThatCannotBeStoredIsPrintedAndNotAnswered() async {
        let error = HistoryError(code: .full, message: "no space left", hint: "make some")
        let trace = FileManager.default.temporaryDirectory.path + "/\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: trace) }
        let world = World(ScriptedNetwork { $0.events = [[.storeFailed(error), .message(.example("a"))]] })
        #expect(await world.run("bot", "--each", "--", "/bin/sh", "-c", "> \(trace)").rows.count == 1)
        #expect(!FileManager.default.fileExists(atPath: trace))
    }
}
