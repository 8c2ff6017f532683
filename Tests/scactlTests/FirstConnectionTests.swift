import SCAClient
import SCACore
import Testing

@testable import scactl

/// `--retry-for`, before there is a connection that could be lost.
@Suite(.timeLimit(.minutes(10))) struct FirstConnectionTests {
    @Test func retryForWaitsForAServerThatIsNotThereYet() async throws {
        var world = World(
            ScriptedNetwork {
                $0.connectError = ClientError(.unreachable, "no server answers")
                $0.connectFailures = 3
            }
        )
        world.sleep = { _ in }
        let outcome = await world.run("send", "--retry-for", "1h", "--to", "9812345678", "hi")
        #expect(outcome.status == .done)
        #expect(world.network.made.count == 4)
        #expect(world.network.made.last?.submitted.map(\.text) == ["hi"])
    }

    @Test func aServerThatAsksForTimeIsLeftAloneForThatLong() async {
        var world = World(
            ScriptedNetwork {
                $0.connectError = ClientError(.rateLimited, "too many", retryAfter: .seconds(30))
                $0.connectFailures = 1
            }
        )
        let (delays, delayed) = AsyncStream.makeStream(of: Duration.self)
        world.sleep = { delayed.yield($0) }
        #expect(await world.run("send", "--retry-for", "1h", "--to", "9812345678", "hi").status == .done)
        let delay = await delays.first { _ in true }
        #expect(delay.map { $0 >= .seconds(30) && $0 <= .seconds(60) } == true)
    }

    @Test(arguments: [ClientError.Code.unauthorized, .tlsFailed, .invalidServer])
    func whatTryingAgainDoesNotMendIsNotTriedAgain(code: ClientError.Code) async {
        var world = World(ScriptedNetwork { $0.connectError = ClientError(code, "no") })
        world.sleep = { _ in }
        let outcome = await world.run("send", "--retry-for", "1h", "--to", "9812345678", "hi")
        #expect(outcome.status != .done)
        #expect(world.network.made.count == 1)
    }
}
