import SCAClient
import SCACore
import Testing

@testable import scactl

@Suite(.timeLimit(.minutes(10))) struct WhoTests {
    @Test func everybodyOnlineIsARowEach() async throws {
        let world = World(ScriptedNetwork { $0.online = [World.peer, World.other] })
        let outcome = await world.run("who")
        #expect(
            outcome.rows == [
                #"{"type":"user","mobile":"9812345678","online":true}"#,
                #"{"type":"user","mobile":"9000000001","online":true}"#,
            ]
        )
        #expect(outcome.status == .done)
        #expect(try world.connection.configuration.isVisible == false)
    }

    @Test func anEmptyListIsDone() async {
        let outcome = await World().run("who")
        #expect(outcome.rows.isEmpty && outcome.errors.isEmpty && outcome.status == .done)
    }

    @Test func aMobileThatIsNotOnlineMakesItANo() async {
        let world = World(ScriptedNetwork { $0.online = [World.peer] })
        let outcome = await world.run("who", "9812345678", "9000000001")
        #expect(outcome.rows[1] == #"{"type":"user","mobile":"9000000001","online":false}"#)
        #expect(outcome.status == .no)
        #expect(await World(ScriptedNetwork { $0.online = [World.peer] }).run("who", "9812345678").status == .done)
    }

    @Test func identityIsAnOptionAndNeedsNoLogin() async throws {
        var world = World(ScriptedNetwork { $0.online = [World.peer] })
        world.environment["SCACTL_MOBILE"] = nil
        let outcome = await world.run("who", "--mobile", "9000000001")
        #expect(outcome.rows.count == 1)
        #expect(try world.connection.configuration.mobile == World.other)
    }

    @Test func moreMobilesThanMayBeWatchedAreLookedUpInTheList() async {
        let world = World(
            ScriptedNetwork {
                $0.info.limits.watchedMobiles = 1
                $0.online = [World.peer]
            }
        )
        let outcome = await world.run("who", "9812345678", "9000000001")
        #expect(outcome.rows.map { $0.contains("true") } == [true, false])
    }

    @Test func watchingPrintsTheStateAndThenOnlyWhatChanges() async throws {
        let world = World(
            ScriptedNetwork {
                $0.events = [
                    [.presence(joined: [World.other], left: [])],
                    [.onlineUsers([World.peer])],
                    [
                        .presence(joined: [World.peer, World.other], left: []),
                        .presence(joined: [], left: [World.peer]),
                    ],
                    [.onlineUsers([World.other])],
                ]
                $0.end = ClientError(.connectionLost, "lost")
            }
        )
        let outcome = await world.run("who", "--watch")
        #expect(
            outcome.rows == [
                #"{"type":"user","mobile":"9812345678","online":true}"#,
                #"{"type":"presence","mobile":"9000000001","online":true,"ts":1795356202974}"#,
                #"{"type":"presence","mobile":"9812345678","online":false,"ts":1795356202974}"#,
            ]
        )
        #expect(outcome.status == .unreachable)
        #expect(try world.connection.configuration.presence == .all)
    }

    @Test func watchingSomeLeavesTheOthersOut() async {
        var world = World(
            ScriptedNetwork {
                $0.online = [World.peer]
                $0.events = [[.presence(joined: [World.other], left: [World.peer])]]
            }
        )
        // Time runs out, but not before what happened was told.
        world.sleep = { [output = world.output] _ in
            while output.lines.count < 2 { await Task.yield() }
        }
        let outcome = await world.run("who", "--watch", "--timeout", "1s", "9812345678")
        #expect(outcome.rows.count == 2)
        #expect(outcome.rows[1].contains(#""presence","mobile":"9812345678","online":false"#))
        #expect(outcome.status == .timedOut)
    }

    @Test func noServerIs69AndAMissingLogin77() async {
        let down = World(ScriptedNetwork { $0.connectError = ClientError(.unreachable, "nobody there") })
        #expect(await down.run("who").status == .unreachable)
        var unknown = World()
        unknown.environment["SCACTL_MOBILE"] = ""
        let outcome = await unknown.run("who")
        #expect(outcome.status == .notAdmitted)
        #expect(outcome.errors[0].contains(#""code":"not_logged_in""#))
        #expect(outcome.errors[0].contains(#""hint":"scactl login MOBILE""#))
    }

    @Test func aServerThatDoesNotFinishTheHandshakeIs69() async {
        let world = World(ScriptedNetwork { $0.connectError = ClientError(.timeout, "no answer within 10s") })
        #expect(await world.run("who").status == .unreachable)
    }

    @Test func aServerThatDoesNotAnswerIs124() async {
        var world = World(ScriptedNetwork { $0.answersQuestions = false })
        world.sleep = { _ in }
        let outcome = await world.run("who", "9812345678")
        #expect(outcome.status == .timedOut)
        #expect(outcome.errors.count == 1 && outcome.errors[0].contains("time ran out: 10s"))
    }

    @Test func aStopWhileAQuestionIsOpenSaysNothing() async {
        let world = World(ScriptedNetwork { $0.answersQuestions = false })
        async let outcome = world.run("-v", "who")
        await world.errors.reaches(2)
        #expect(world.stop.request())
        #expect(await outcome.errors.count == 2)
    }

    @Test func onATerminalAnEmptyListIsExplained() async {
        var world = World()
        world.terminals = Terminals(output: true, errors: true)
        world.environment["NO_COLOR"] = "1"
        #expect(await world.run("who").errors == ["scactl: nobody is online"])
    }
}
