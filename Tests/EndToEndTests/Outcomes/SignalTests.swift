import Foundation
import Testing

/// How programs end that are told to, or that nobody reads any more.
@Suite(.serialized) struct SignalTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func listenDiesOfTheSignalItself(_ number: Int32) async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        listener.signal(number)
        #expect(try await listener.finish().exit == .signal(number))
        try await asha.misses(ravi)
    }

    /// Swift's runtime asks the other threads to stop by USR1, which must not end the process before all is said. (A signal from
    /// outside does not come again, as a true crash does; so the process then goes on.)
    @Test(.enabled(if: ProcessInfo.processInfo.environment["SWIFT_BACKTRACE"] == nil))
    func aCrashIsReported() async throws {
        var (_, _, ravi) = try await stage.scene()
        ravi.environment["SWIFT_BACKTRACE"] = "enable=yes,symbolicate=off,threads=crashed,images=none,interactive=no"
        let listener = try await ravi.listen()
        listener.signal(SIGSEGV)
        try await listener.said("Program crashed")
        // Its last line. Until then another process is at work, which would keep our pipes open if this one were gone.
        try await listener.said("Backtrace took")
        listener.signal(SIGTERM)
        #expect(try await listener.finish().exit == .signal(SIGTERM))
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func sendThatWaitsForInputDiesOfTheSignalAndSendsNoHalfLine(_ number: Int32) async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let sender = try asha.start("send", "-l", "--to", ravi.mobile, input: .open)
        sender.write("whole\nhal")
        try await sender.rows(1)
        sender.signal(number)
        #expect(try await sender.finish().exit == .signal(number))
        #expect(try await listener.rows(1)["text"] == ["whole"])
        #expect(ravi.history["text"] == ["whole"])
    }

    @Test func answersThatAreDueAreWaitedForAfterASignal() async throws {
        let (sender, listener) = try await senderThatWaits()
        sender.signal(SIGINT)
        listener.signal(SIGCONT)
        let answer = try await sender.finish()
        #expect(answer.exit == .signal(SIGINT))
        #expect(answer.rows["status"] == ["stored"])
    }

    @Test func answersAreNotWaitedForAfterASecondSignal() async throws {
        let (sender, _) = try await senderThatWaits()
        sender.signal(SIGINT)
        sender.signal(SIGTERM)
        let answer = try await sender.finish()
        #expect(answer.exit == .signal(SIGINT))
        // One signal alone leaves them a second, and then a row says that none has come.
        #expect(answer.rows.isEmpty)
    }

    @Test func signalEndsACommandThatStillConnects() async throws {
        let silent = try FakeServer(on: stage) { $0.drain() }
        let asha = try stage.person("9876543210", on: nil)
        let asking = try asha.start("who", "-v", "-s", silent.url)
        try await asking.said("connecting")
        asking.signal(SIGINT)
        #expect(try await asking.finish().exit == .signal(SIGINT))
    }

    @Test func shellSeesTheSignalInTheExitStatus() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let shell = try ravi.shell("scactl listen & echo $!; wait $!; echo $?")
        let pid = try await shell.lines(1)[0]
        try await asha.sees(ravi)
        #expect(try await asha.shell("kill \(pid)").finish().exit == .status(0))
        #expect(try await shell.finish().lines.last == "143")
    }

    @Test func listenEndsWhenItsReaderHasSeenEnough() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let pipeline = try ravi.shell("scactl listen | head -n 1")
        try await asha.sees(ravi)
        #expect(try await asha.run("send", "--to", ravi.mobile, "only this").exit == .status(0))
        // Nothing more comes that a write could fail on.
        let answer = try await pipeline.finish()
        #expect(answer.rows["text"] == ["only this"])
        #expect(answer.errors.isEmpty)
        try await asha.misses(ravi)
    }

    @Test func listenDiesOfThePipeSignal() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let pipeline = try ravi.shell("{ scactl listen; echo $? > status; } | head -n 1")
        try await asha.sees(ravi)
        try await asha.run("send", "--to", ravi.mobile, "only this")
        try await pipeline.finish()
        #expect(try String(contentsOfFile: "\(ravi.folder)/status", encoding: .utf8) == "141\n")
    }

    @Test func manyRowsIntoAShortReaderEndQuietly() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let lines = (1...2000).map { "\($0)\n" }.joined()
        let pipeline = try asha.shell("scactl send -l --to \(ravi.mobile) | head -n 1", input: .text(lines))
        let answer = try await pipeline.finish()
        #expect(answer.exit == .status(0))
        #expect(answer.lines.count == 1)
        #expect(answer.errors.isEmpty)
        #expect(listener.exit() == nil)
        // Nobody reads what became of the others; whatever has arrived is in the sender's history all the same.
        let (kept, arrived) = (Set(asha.history["text"]), ravi.history["text"])
        #expect(!arrived.isEmpty && arrived.allSatisfy { kept.contains($0) })
    }

    /// The row of the first message is printed, and its reader goes away, before the others are answered.
    @Test func aShortReaderOfFewMessagesLosesNone() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        for round in 1...5 {
            let lines = (1...9).map { "\(round).\($0)\n" }.joined()
            try await asha.shell("scactl send -l --to \(ravi.mobile) | head -n 1", input: .text(lines)).finish()
        }
        let kept = Set(asha.history["text"])
        #expect(ravi.history["text"].allSatisfy { kept.contains($0) })
        #expect(kept.count == 45)
        #expect(listener.exit() == nil)
    }

    /// A `send` whose answer does not come, because the recipient is stopped.
    private func senderThatWaits() async throws -> (sender: Program, listener: Program) {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let device = try await asha.listen()
        try await listener.stop()
        let sender = try asha.start("send", "-l", "--timeout", "1h", "--to", ravi.mobile, input: .open)
        sender.write("are you there?\n")
        // The sender's other device notes it a moment later, so it is on its way.
        try await eventually("a copy of it") { asha.history["text"] == ["are you there?"] }
        #expect(device.exit() == nil)
        return (sender, listener)
    }
}
