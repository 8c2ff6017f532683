import Foundation
import Testing

/// The bots of `examples/scripts`.
@Suite(.serialized) struct ExampleBotScriptTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    /// A server, a mobile for the bot, and two people who listen.
    private func scene() async throws -> (robot: Person, asha: Talker, ravi: Talker) {
        let (server, asha, ravi) = try await stage.scene()
        let robot = try stage.person("9000000001", on: server)
        return (robot, try await Talker(asha, robot), try await Talker(ravi, robot))
    }

    // MARK: echo-bot

    @Test func theEchoBotSaysBackWhatItIsTold() async throws {
        let (robot, asha, ravi) = try await scene()
        let bot = try stage.script("echo-bot", by: robot)
        try await asha.person.sees(robot)
        for text in ["hello", "two\nlines \"$HOME\" `id` \\n", "-e é 👍"] {
            #expect(try await asha.told(text) == text)
        }
        #expect(try await ravi.told("and me?") == "and me?")
        try await bot.stop(expecting: .signal(SIGTERM))
    }

    // MARK: machine-bot

    @Test func theMachineBotAnswersItsFriendsOnly() async throws {
        let (robot, asha, ravi) = try await scene()
        let bot = try stage.script("machine-bot", asha.person.mobile, by: robot)
        try await asha.person.sees(robot)
        #expect(try await asha.told("load").contains(/^load \d+\.\d\d \d+\.\d\d \d+\.\d\d, \d+ CPUs$/))
        #expect(try await asha.told(" DISK\n").contains(/^disk \d+% used, \d+ MiB free$/))
        #expect(try await asha.told("up").contains(/^up \d+ days, \d+:\d\d$/))
        try await ravi.tell("load")
        try await asha.tell("rm -rf /")
        #expect(try await asha.told("who") == "online: 9000000001, 9123456780, 9876543210")
        #expect(ravi.person.history.filter { $0["dir"] == "in" }.isEmpty)
        try await bot.stop(expecting: .signal(SIGTERM))
    }

    @Test(arguments: [
        ["machine-bot", "9876543210", "98765"],
        ["bridge", "ws://127.0.0.1:1", "9876543210", "ws://127.0.0.1:2", "98765"],
    ])
    func aMistypedMobileIsSaidAtOnce(_ words: [String]) async throws {
        let robot = try stage.person("9000000001", on: nil)
        let path = "\(ExampleScripts.folder)/\(words[0])"
        let refused = try await stage.start(path, Array(words.dropFirst()), environment: robot.environment).finish()
        #expect(refused.exit == .status(64))
        #expect(refused.errors == "\(words[0]): 98765 is not a mobile, 10 to 32 digits\n")
    }

    // MARK: todo-bot

    @Test func theTodoBotKeepsAListForEachPerson() async throws {
        let (robot, asha, ravi) = try await scene()
        let bot = try stage.script("todo-bot", "to do.sqlite", by: robot)
        try await asha.person.sees(robot)
        #expect(try await asha.told("list") == "nothing to do")
        #expect(try await asha.told("add buy  milk'); DROP TABLE item; --") == "1. buy milk'); DROP TABLE item; --")
        #expect(try await asha.told("Add ünd \"eggs\"") == "2. ünd \"eggs\"")
        #expect(try await ravi.told("list") == "nothing to do")
        #expect(try await asha.told("done 1") == "done: buy milk'); DROP TABLE item; --")
        #expect(try await asha.told("done 2") == "there is no number 2")
        #expect(try await asha.told("done 99999999999999999999") == "there is no number 999999999")
        for odd in ["done", "done ²", "add", "hello"] {
            #expect(try await asha.told(odd) == "I know: add TEXT, list, done NUMBER")
        }
        try await bot.stop(expecting: .signal(SIGTERM))

        try await asha.person.misses(robot)
        let again = try stage.script("todo-bot", "to do.sqlite", by: robot)
        try await asha.person.sees(robot)
        #expect(try await asha.told("list") == "1. ünd \"eggs\"")
        try await again.stop(expecting: .signal(SIGTERM))
        #expect(try await stage.script("todo-bot", "no/such/folder", by: robot).finish().exit == .status(74))
    }

    @Test func theTodoBotLosesNothingWhenManyWriteAtOnce() async throws {
        let (robot, asha, ravi) = try await scene()
        _ = try stage.script("todo-bot", "todo.sqlite", by: robot)
        try await asha.person.sees(robot)
        let items = (1...12).map { "item \($0)" }
        let lines = items.map { "add \($0)\n" }.joined()
        for talker in [asha, ravi] {
            _ = try talker.person.start("send", "-l", "--to", robot.mobile, input: .text(lines))
        }
        let answers = items.enumerated().map { "\($0.offset + 1). \($0.element)" }
        for talker in [asha, ravi] { #expect(try await talker.listener.rows(12)["text"] == answers) }
    }

    // MARK: remind-bot

    @Test func theRemindBotRemindsAndForgetsNothing() async throws {
        let (robot, asha, ravi) = try await scene()
        let bot = try stage.script("remind-bot", "reminders.sqlite", by: robot)
        try await asha.person.sees(robot)
        #expect(try await asha.told("remind me in 1 second to call \"Mina\"").hasPrefix("I will, "))
        #expect(try await asha.listener.rows(2)["text"].last == "Reminder: call \"Mina\"")
        #expect(try await asha.told("in 2h tea").hasPrefix("I will, "))
        #expect(try await asha.told("in 999999d be old") == "that is too far away for me")
        #expect(try await asha.told("good morning") == "I know: remind me in 10m to TEXT (s, m, h or d), and: list")

        // Somebody who goes offline meanwhile, and a bot that is killed meanwhile.
        #expect(try await ravi.told("in 6s to be back").hasPrefix("I will, "))
        ravi.listener.signal(SIGTERM)
        try await ravi.listener.finish()
        try await eventually("a reminder in vain") {
            robot.history.contains { $0["text"] == "Reminder: be back" && $0["status"] == "offline" }
        }
        try await bot.stop(expecting: .signal(SIGTERM))
        let listener = try await ravi.person.listen()
        let again = try stage.script("remind-bot", "reminders.sqlite", by: robot)
        #expect(try await listener.rows(1)["text"] == ["Reminder: be back"])
        try await asha.person.sees(robot)
        let list = try await asha.told("list")
        #expect(list.hasSuffix(" tea") && list.split(separator: "\n").count == 1)
        try await again.stop(expecting: .signal(SIGTERM))
        #expect(try await stage.script("remind-bot", "no/such/folder", by: robot).finish().exit == .status(74))
    }

    // MARK: bridge

    @Test func theBridgeCarriesBothWaysForTwoPeopleOnly() async throws {
        let servers = [try await stage.server(), try await stage.server()]
        let robot = try stage.person("9000000001", on: nil)
        let asha = try await Talker(stage.person("9876543210", on: servers[0]), robot)
        let mina = try await Talker(stage.person("9000000003", on: servers[0]), robot)
        let ravi = try await Talker(stage.person("9123456780", on: servers[1]), robot)
        let bridge = try stage.script("bridge", servers[0].url, "9876543210", servers[1].url, "9123456780", by: robot)
        try await asha.person.sees(robot)
        try await ravi.person.sees(robot)
        try await mina.tell("let me in")
        try await asha.tell("hello,\n\"Ravi\"")
        try await asha.tell("lunch?")
        #expect(try await ravi.listener.rows(2)["text"] == ["hello,\n\"Ravi\"", "lunch?"])
        try await ravi.tell("at one")
        #expect(try await asha.listener.rows(1)["text"] == ["at one"])
        ravi.listener.signal(SIGTERM)
        try await ravi.listener.finish()
        try await ravi.person.misses(ravi.person)
        #expect(try await asha.told("still there?") == "(not delivered: 9123456780 is offline)")
        #expect(mina.listener.output.lines.isEmpty)
        try await bridge.stop(expecting: .signal(SIGTERM))
        let url = servers[0].url
        let orphan = try stage.script("bridge", url, "9876543210", "ws://127.0.0.1:1", "9123456780", by: robot)
        #expect(try await orphan.finish().exit == .status(69))
        try await orphan.leavesNothing()
    }

    @Test func twoBridgesThatFaceEachOtherDoNotGoOnWithoutEnd() async throws {
        let servers = [try await stage.server(), try await stage.server()]
        let robots = [try stage.person("9000000001", on: nil), try stage.person("9000000002", on: nil)]
        let watcher = try stage.person("9876543210", on: servers[0])
        var bridges: [Program] = []
        for (robot, other) in [(robots[0], robots[1]), (robots[1], robots[0])] {
            let words = (servers[0].url, other.mobile, servers[1].url, other.mobile)
            bridges.append(try stage.script("bridge", words.0, words.1, words.2, words.3, by: robot))
        }
        try await watcher.sees(robots[0], robots[1])
        try await eventually("the other shore") {
            let second = try stage.person("9876543211", on: servers[1])
            return try await second.run("who", robots[0].mobile, robots[1].mobile).exit == .status(0)
        }
        // As from the second one, on the first server.
        try await robots[1].run("send", "--server", servers[0].url, "--to", robots[0].mobile, "round and round")
        try await eventually("a bridge that has enough") {
            bridges.contains { $0.errors.text.contains("more than 60 a minute") }
        }
    }
}

/// Somebody who listens, and talks to a bot.
private struct Talker {
    let person: Person
    let listener: Program
    private let bot: Person

    init(_ person: Person, _ bot: Person) async throws {
        self.person = person
        self.bot = bot
        listener = try await person.listen()
    }

    func tell(_ text: String) async throws {
        let answer = try await person.run("send", "--to", bot.mobile, "--", text)
        #expect(answer.rows["status"] == ["stored"], "\(text)")
    }

    /// - Returns: the next message that comes once this is said.
    func told(_ text: String) async throws -> String {
        let count = listener.output.lines.count
        try await tell(text)
        return try await listener.rows(count + 1)[count]["text"] ?? ""
    }
}
