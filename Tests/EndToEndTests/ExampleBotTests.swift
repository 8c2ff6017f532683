import Foundation
import Testing

/// The bot of `examples/swift`, as somebody would start it.
@Suite(.serialized) struct ExampleBotTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    private func start(_ person: Person) async throws -> Program {
        let bot = try stage.start("echo-bot", [], environment: person.environment)
        try await bot.said("connected to")
        return bot
    }

    @Test func aPersonGetsAnAnswerAndBothHistoriesHaveIt() async throws {
        let (server, asha, _) = try await stage.scene()
        let robot = try stage.person("9000000001", on: server)
        let bot = try await start(robot)
        let listener = try await asha.listen()
        #expect(try await asha.run("send", "--to", robot.mobile, "hello,\n\"é\"").rows["status"] == ["stored"])
        let answer = try await listener.rows(1)[0]
        #expect(answer["from"] == robot.mobile)
        #expect(answer["text"] == "hello,\n\"é\"")

        try await eventually("the answer in the bot's history") { robot.history.count == 2 }
        #expect(robot.history["dir"] == ["in", "out"])
        #expect(robot.history["status"] == ["stored"])
        bot.signal(SIGTERM)
        let finished = try await bot.finish()
        #expect(finished.exit == .status(0), "\(finished.errors)")
        #expect(finished.output == "")
        #expect(!finished.errors.contains("hello") && !finished.errors.contains(asha.mobile))
        try await asha.misses(robot)
    }

    @Test func whoAsksAndGoesHasTheAnswerWhenBack() async throws {
        let (server, asha, _) = try await stage.scene()
        let robot = try stage.person("9000000001", on: server)
        let bot = try await start(robot)
        #expect(try await asha.run("send", "--to", robot.mobile, "hello").rows["status"] == ["stored"])
        #expect(try await asha.run("listen", "-n", "1").rows["text"] == ["hello"])
        #expect(bot.exit() == nil)
    }

    @Test func twoBotsDoNotAnswerEachOtherWithoutEnd() async throws {
        let (server, asha, _) = try await stage.scene()
        let robots = [try stage.person("9000000001", on: server), try stage.person("9000000002", on: server)]
        let bots = [try await start(robots[0]), try await start(robots[1])]
        // As from the second bot; so the first one answers it.
        try await robots[1].run("send", "--to", robots[0].mobile, "hello")
        try await eventually("a bot that has enough") {
            bots.contains { $0.errors.text.contains("gets no more answers this minute: is it a bot?") }
        }
        let listener = try await asha.listen()
        for robot in robots {
            #expect(try await asha.run("send", "--to", robot.mobile, "still there?").rows["status"] == ["stored"])
        }
        #expect(try await Set(listener.rows(2)["from"]) == Set(robots.map(\.mobile)))
        // The first one has answered 30, and not the 31st.
        let counts = robots.map { robot in robot.history.filter { $0["dir"] == "in" && $0["text"] == "hello" }.count }
        #expect(counts == [31, 30])
    }

    @Test func aMessageThatComesAgainAfterARestartIsNotAnsweredAgain() async throws {
        let (server, asha, _) = try await stage.scene()
        let robot = try stage.person("9000000001", on: server)
        let listener = try await asha.listen()
        let first = try await start(robot)
        // A session of hers that can say the same thing twice.
        let session = try RawSession(asha.mobile, on: server)
        try await blocking { try session.open() }
        let message = #"{"type":"message","to":"9000000001","id":"m1","text":"one"}"#
        session.say(message)
        #expect(try await listener.rows(1)["text"] == ["one"])
        first.signal(SIGKILL)
        try await first.finish()

        try await asha.misses(robot)
        let second = try await start(robot)
        session.say(message)
        session.say(#"{"type":"message","to":"9000000001","id":"m2","text":"two"}"#)
        #expect(try await listener.rows(2)["text"] == ["one", "two"])
        #expect(robot.history.filter { $0["dir"] == "in" }["text"] == ["one", "two"])
        #expect(second.exit() == nil)
    }

    @Test func itOutlivesTheServerAndSaysSoIfThereIsNone() async throws {
        let server = try await stage.lastingServer()
        let robot = try stage.person("9000000001", on: server)
        let asha = try stage.person("9876543210", on: server)
        let bot = try await start(robot)
        try await server.kill()
        try await bot.said("trying again")
        let orphan = try await stage.start("echo-bot", [], environment: robot.environment).finish()
        #expect(orphan.exit == .status(1))
        #expect(orphan.errors.contains("critical"))

        _ = try await server.restarted(on: stage)
        try await bot.said("connected again")
        let listener = try await asha.listen()
        #expect(try await asha.run("send", "--to", robot.mobile, "back?").rows["status"] == ["stored"])
        #expect(try await listener.rows(1)["text"] == ["back?"])
        bot.signal(SIGINT)
        #expect(try await bot.finish().exit == .status(0))
    }

    @Test func withoutAMobileItSaysWhatIsMissing() async throws {
        let finished = try await stage.start("echo-bot", [], environment: ["SCACTL_MOBILE": "98"]).finish()
        #expect(finished.exit == .status(1))
        #expect(finished.errors.contains("SCACTL_MOBILE must be the bot's mobile, 10 to 32 digits"))
    }
}
