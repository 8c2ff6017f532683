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
}
