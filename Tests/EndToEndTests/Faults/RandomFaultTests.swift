import Foundation
import SCATesting
import Testing

/// Kills, stops and restarts of server, sender and receiver at random moments, round after round, with a seed. A few rounds
/// here; `scripts/faults --minutes N` goes on for so long.
@Suite(.serialized) struct RandomFaultTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func whateverHappensWheneverWhatWasSaidIsTrue() async throws {
        let minutes = ProcessInfo.processInfo.environment["SCA_FAULT_MINUTES"].flatMap { Int($0) }
        var random = minutes == nil ? SeededGenerator(seed: 4) : .announced()
        let end = ContinuousClock.now + .seconds(60 * (minutes ?? 0))
        var server = try await stage.server("--ping-timeout", "2s", "--cleanup-interval", "100ms")
        let wire = try Proxy(to: server, on: stage)
        var (asha, ravi) = (try stage.person("9876543210", on: server), try stage.person("9123456780", on: server))
        asha.environment["SCACTL_SERVER"] = wire.url
        ravi.environment["SCACTL_SERVER"] = wire.url
        var said: [Row] = []
        var stored = 0
        var rounds = 0
        while minutes == nil ? rounds < 3 : ContinuousClock.now < end {
            rounds += 1
            let round = rounds
            let remark: Comment = "round \(round) of seed \(random.seed)"
            var listener = try await ravi.listen()
            let words = ["send", "-l", "--timeout", "2s", "--retry-for", "60s", "--to", ravi.mobile]
            let sender = try stage.start("scactl", words, environment: asha.environment, input: .open)
            sender.write((1...500).map { "round \(round) line \($0)\n" }.joined())
            var isSenderAlive = true
            for _ in 0..<Int.random(in: 1...3, using: &random) where isSenderAlive {
                // A moment is chosen by how far the conversation has come, and a few milliseconds more.
                let answers = min(sender.output.lines.count + .random(in: 1...150, using: &random), 490)
                try await sender.lines(answers, within: .seconds(240))
                usleep(.random(in: 0...20_000, using: &random))
                switch Int.random(in: 0..<6, using: &random) {
                case 0:
                    try await server.kill()
                    wire.cut()
                    server = try await stage.server("--ping-timeout", "2s", "--cleanup-interval", "100ms")
                    wire.lead(to: server)
                case 1:
                    listener.signal(SIGKILL)
                    try await listener.finish()
                    listener = try await ravi.listen()
                case 2:
                    sender.signal(SIGKILL)
                    try await sender.finish()
                    isSenderAlive = false
                case 3: wire.cut()
                case 4:
                    wire.hold(.words)
                    usleep(.random(in: 0...300_000, using: &random))
                    wire.cut()
                    wire.hold(.nothing)
                default:
                    let sleeper = [server.program, listener, sender].randomElement(using: &random) ?? sender
                    sleeper.signal(SIGSTOP)
                    usleep(.random(in: 1000...3_000_000, using: &random))
                    sleeper.signal(SIGCONT)
                }
            }
            sender.closeInput()
            let answer = try await sender.finish(within: .seconds(240))
            #expect(answer.exit == (isSenderAlive ? .status(0) : .signal(SIGKILL)), remark)
            // A killed sender's last line may be torn, and says nothing.
            said += answer.output.hasSuffix("\n") ? answer.rows : answer.rows.dropLast()
            stored += answer.rows.count
            #expect(listener.exit() == nil, remark)
            try await ravi.expectTruth(of: said, remark)
            try await asha.expectTruth(of: [], remark)
            if isSenderAlive {
                #expect(answer.rows["status"] == Array(repeating: "stored", count: 500), remark)
                let texts = ravi.history["text"].filter { $0.hasPrefix("round \(round) line ") }
                #expect(Set(texts).count == 500 && texts.count == 500, remark)
            }
            listener.signal(SIGTERM)
            try await listener.finish()
        }
        #expect(stored > 0)
    }
}
