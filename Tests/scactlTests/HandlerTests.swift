import Foundation
import SCACore
import Synchronization
import Testing

@testable import scactl

@Suite struct HandlerOutcomeTests {
    private func outcome(
        _ exit: ChildExit = .status(0),
        _ output: String = "",
        cause: HandlerOutcome.Cause? = nil
    ) -> HandlerOutcome {
        HandlerOutcome(exit, output: Array(output.utf8), cause: cause, HandlerSlot.Limits(textBytes: 10))
    }

    @Test func outputIsTheReplyLessOneNewline() {
        #expect(outcome(.status(0), "hi\n") == .reply("hi"))
        #expect(outcome(.status(0), "hi\n\n") == .reply("hi\n"))
        #expect(outcome(.status(0), "1234567890\n") == .reply("1234567890"))
    }

    @Test func noOutputIsNoReply() {
        #expect(outcome() == .nothing)
        #expect(outcome(.status(0), "\n") == .nothing)
    }

    @Test func whatFailsSendsNothing() {
        #expect(outcome(.status(3), "hi") == .failed("ended with status 3"))
        #expect(outcome(.signal(9), "hi") == .failed("was ended by signal 9 (Killed)"))
        #expect(outcome(.status(0), "12345678901") == .failed("wrote 11 bytes; this server takes 10"))
        #expect(outcome(.signal(15), "hi", cause: .timeout) == .failed("took longer than 1m and was ended"))
        #expect(outcome(.status(0), "hi", cause: .timeout) == .failed("took longer than 1m and was ended"))
        #expect(
            outcome(.signal(15), cause: .tooMuch)
                == .failed("wrote more than the 10 bytes that this server takes, and was ended")
        )
        #expect(outcome(.signal(15), "hi", cause: .stop) == .stopped)
        let bytes = HandlerOutcome(.status(0), output: [0xFF], cause: nil, HandlerSlot.Limits(textBytes: 10))
        #expect(bytes == .failed("wrote what is not UTF-8; a message is text"))
    }
}

@Suite struct LineCutterTests {
    @Test func linesArePassedOnWhenTheyAreWhole() {
        var cutter = LineCutter()
        #expect(cutter.append(Array("one\n\ntw".utf8)) == ["one", ""])
        #expect(cutter.append(Array("o\nthree".utf8)) == ["two"])
        #expect(cutter.finish() == "three")
        #expect(cutter.finish() == nil)
    }

    @Test func aLineThatIsTooLongComesInParts() {
        var cutter = LineCutter()
        let lines = cutter.append(Array(repeating: UInt8(ascii: "x"), count: LineCutter.longest * 2 + 1))
        #expect(lines.map(\.count) == [LineCutter.longest, LineCutter.longest])
        #expect(cutter.append([0x0A]) == ["x"])
    }
}

/// Real programs, without a bot around them.
@Suite(.timeLimit(.minutes(10))) struct HandlerSlotTests {
    private static let ignoringBrokenPipes = signal(SIGPIPE, SIG_IGN)
    private let limits = HandlerSlot.Limits(timeout: .seconds(300), textBytes: 1000)

    init() { _ = Self.ignoringBrokenPipes }

    private func command(_ script: String, _ change: [String: String] = [:]) throws -> ProgramCommand {
        let environment = ["PATH": "/usr/bin:/bin"].merging(change) { $1 }
        return try ProgramCommand(
            ["sh", "-c", script],
            environment: RawEnvironment(environment),
            mobile: World.me,
            server: "ws://h"
        )
    }

    private func run(_ script: String, text: String = "hi", limits: HandlerSlot.Limits? = nil) async throws
        -> HandlerOutcome
    {
        await HandlerSlot().run(try command(script), on: .example("m1", text: text), limits ?? self.limits) { _ in }
    }

    @Test func theRowIsOnStdinAndTheFieldsAreVariables() async throws {
        #expect(
            try await run("cat")
                == .reply(
                    #"{"type":"message","id":"m1","ts":1795356202974,"dir":"in","from":"9812345678","to":"9876543210","text":"hi"}"#
                )
        )
        #expect(
            try await run(
                #"echo "$SCACTL_ID $SCACTL_FROM $SCACTL_TO $SCACTL_TS $SCACTL_TEXT $SCACTL_MOBILE $SCACTL_SERVER""#
            )
                == .reply("m1 9812345678 9876543210 1795356202974 hi 9876543210 ws://h")
        )
    }

    @Test func aTextThatNoVariableCanHoldIsNotInOne() async throws {
        #expect(try await run(#"echo "${SCACTL_TEXT-absent}""#, text: "a\u{0}b") == .reply("absent"))
        let longest = String(repeating: "x", count: 65_536)
        #expect(try await run("echo ${#SCACTL_TEXT}", text: longest) == .reply("65536"))
        #expect(try await run(#"echo "${SCACTL_TEXT-absent}""#, text: longest + "x") == .reply("absent"))
        // Nor is that of an outer bot.
        let nested = try command(#"echo "${SCACTL_TEXT-absent}""#, ["SCACTL_TEXT": "outer"])
        let outcome = await HandlerSlot().run(nested, on: .example("m1", text: "a\u{0}b"), limits) { _ in }
        #expect(outcome == .reply("absent"))
    }

    @Test func noShellLooksAtTheText() async throws {
        let text = #"$(touch /tmp/x) `id` "; exit 7; #"#
        #expect(try await run(#"printf %s "$SCACTL_TEXT""#, text: text) == .reply(text))
    }

    @Test func signalsAreAsANewProcessHasThem() async throws {
        // glibc ignores two of its own, 32 and 33, in every process that it spawns.
        let script = "grep -E '^Sig(Blk|Ign):' /proc/self/status | sed 's/180000000$/000000000/' | tr -d '\\n\\t '"
        #expect(try await run(script) == .reply("SigBlk:0000000000000000SigIgn:0000000000000000"))
    }

    @Test func nothingOfOursIsInherited() async throws {
        // Open and inheritable, as NIO's sockets are.
        let leak = dup(STDIN_FILENO)
        defer { close(leak) }
        #expect(try await run("ls /proc/self/fd | tr '\\n' ' '") == .reply("0 1 2 3 "))
    }

    @Test func itLeadsAGroupOfItsOwn() async throws {
        let outcome = try await run("cut -d' ' -f1,5 /proc/$$/stat")
        guard case .reply(let text) = outcome else { throw CommandFailure.badInput("\(outcome)", hint: "") }
        let numbers = text.split(separator: " ")
        #expect(numbers.count == 2 && numbers[0] == numbers[1])
    }

    @Test func aHandlerThatTakesTooLongIsEndedWithAllItStarted() async throws {
        let hurried = HandlerSlot.Limits(timeout: .seconds(3), textBytes: 1000)
        let lines = Mutex<[String]>([])
        let slot = HandlerSlot()
        let script = try command("trap '' TERM; sleep 600 & echo $! >&2; wait; sleep 600")
        let outcome = await slot.run(script, on: .example("m1"), hurried) { line in lines.withLock { $0.append(line) } }
        #expect(outcome == .failed("took longer than 3s and was ended"))
        let sleeper = try #require(lines.withLock { $0.first }.flatMap { pid_t($0) })
        await isGone(sleeper)
    }

    @Test func aGrandchildThatHoldsThePipesHoldsUpNobodyAndEnds() async throws {
        let lines = Mutex<[String]>([])
        let script = try command("sleep 600 & echo $! >&2; echo done")
        let outcome = await HandlerSlot().run(script, on: .example("m1"), limits) { line in
            lines.withLock { $0.append(line) }
        }
        #expect(outcome == .reply("done"))
        await isGone(try #require(lines.withLock { $0.first }.flatMap { pid_t($0) }))
    }

    @Test func aFloodIsEnded() async throws {
        #expect(
            try await run("yes") == .failed("wrote more than the 1000 bytes that this server takes, and was ended")
        )
    }

    @Test func aHandlerThatReadsNothingIsFine() async throws {
        let long = String(repeating: "x", count: 300_000)
        #expect(try await run("exec <&-; echo ok", text: long) == .reply("ok"))
        #expect(try await run("sleep 0.1; echo ok", text: long) == .reply("ok"))
    }

    @Test func aLongReplyIsReadToItsEnd() async throws {
        let roomy = HandlerSlot.Limits(textBytes: 300_000)
        let outcome = try await run("head -c 300000 /dev/zero | tr '\\0' x; exit 0", limits: roomy)
        #expect(outcome == .reply(String(repeating: "x", count: 300_000)))
    }

    @Test func stderrIsPassedOnLineByLine() async throws {
        let lines = Mutex<[String]>([])
        let script = try command("echo one >&2; printf 'two\\nthree' >&2")
        _ = await HandlerSlot().run(script, on: .example("m1"), limits) { line in lines.withLock { $0.append(line) } }
        #expect(lines.withLock { $0 } == ["one", "two", "three"])
    }

    @Test func aStopEndsWhatRunsAndWhatWouldRun() async throws {
        let slot = HandlerSlot()
        let script = try command("echo started >&2; sleep 600")
        let limits = limits
        async let outcome = slot.run(script, on: .example("m1"), limits) { _ in slot.stop() }
        #expect(await outcome == .stopped)
        #expect(await slot.run(script, on: .example("m2"), limits) { _ in } == .stopped)
    }

    /// A process that was killed is there until init has waited for it.
    private func isGone(_ process: pid_t) async {
        while kill(process, 0) == 0, !isZombie(process), !Task.isCancelled { await Task.yield() }
    }

    private func isZombie(_ process: pid_t) -> Bool {
        let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        return status?.split(separator: ")").last?.hasPrefix(" Z") ?? true
    }
}
