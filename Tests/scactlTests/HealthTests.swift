import SCAClient
import SCACore
import Testing

@testable import scactl

extension HealthReport {
    static func example(_ status: String = "ok") -> HealthReport {
        HealthReport(
            ok: status == "ok",
            status: status,
            connections: 3,
            elapsed: .milliseconds(2),
            httpStatus: status == "ok" ? 200 : 503
        )
    }
}

@Suite(.timeLimit(.minutes(10))) struct HealthTests {
    @Test func aHealthyServerIsARowAndDone() async {
        var world = World(ScriptedNetwork { $0.health = [.success(.example())] })
        world.environment["SCACTL_MOBILE"] = nil
        let outcome = await world.run("health")
        #expect(
            outcome.rows == [
                #"{"type":"health","ok":true,"status":"ok","connections":3,"server":"ws://127.0.0.1:8080","ms":2}"#
            ]
        )
        #expect(outcome.status == .done)
    }

    @Test func aDrainingServerIsARowAndANo() async {
        let outcome = await World(ScriptedNetwork { $0.health = [.success(.example("draining"))] }).run("health")
        #expect(outcome.rows[0].contains(#""ok":false,"status":"draining""#))
        #expect(outcome.status == .no)
    }

    @Test func noServerIs69() async {
        let outcome = await World().run("health")
        #expect(outcome.status == .unreachable && outcome.rows.isEmpty && outcome.errors.count == 1)
    }

    @Test func waitAsksUntilAllIsWell() async {
        var world = World(
            ScriptedNetwork {
                $0.health = [
                    .failure(ClientError(.unreachable, "no")), .success(.example("draining")), .success(.example()),
                ]
            }
        )
        world.sleep = { _ in }
        let outcome = await world.run("health", "--wait", "5s")
        #expect(outcome.status == .done && outcome.rows.count == 1 && outcome.errors.isEmpty)
    }

    @Test func waitThatRunsOutIs124() async {
        var world = World(ScriptedNetwork { $0.health = [.success(.example("draining"))] })
        world.sleep = { _ in }
        let short = await world.run("health", "--wait", "50ms")
        #expect(short.status == .timedOut && short.rows.count == 1)
        var down = World()
        down.sleep = { _ in }
        #expect(await down.run("health", "--wait", "50ms").status == .timedOut)
    }

    @Test func waitDoesNotWaitForWhatWillNotChange() async {
        var world = World(ScriptedNetwork { $0.health = [.failure(ClientError(.tlsFailed, "bad certificate"))] })
        world.sleep = { _ in }
        #expect(await world.run("health", "--wait", "5s").status == .unreachable)
    }

    @Test(arguments: [
        (["PORT": "10000"], "ws://127.0.0.1:10000"), (["PORT": "10000", "SCAD_PORT": "9000"], "ws://127.0.0.1:9000"),
        (["PORT": "10000", "SCACTL_SERVER": "ws://chat.home:81"], "ws://chat.home:81"),
        (["PORT": ""], "ws://127.0.0.1:8080"),
    ]) func withoutAServerThePortIsThatOfScad(environment: [String: String], expected: String) async {
        var world = World(ScriptedNetwork { $0.health = [.success(.example())] })
        world.environment.merge(environment) { $1 }
        let outcome = await world.run("health")
        #expect(outcome.status == .done && outcome.rows[0].contains(#""server":"\#(expected)""#), "\(outcome)")
    }

    @Test(arguments: ["0", "65536", "http", "80/x", "-1"]) func portThatIsNoneIsAUsageError(port: String) async {
        var world = World(ScriptedNetwork { $0.health = [.success(.example())] })
        world.environment["PORT"] = port
        let outcome = await world.run("health")
        #expect(outcome.status == .usage && outcome.rows.isEmpty && outcome.errors[0].contains("PORT"), "\(outcome)")
    }

    @Test func onlyHealthTakesThePortOfScad() async {
        var world = World()
        world.environment["PORT"] = "nonsense"
        #expect(await world.run("who").status != .usage)
    }
}
