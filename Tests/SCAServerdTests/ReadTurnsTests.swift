import NIOEmbedded
import SCACore
import Testing

@testable import SCAServerd

@Suite struct ReadTurnsTests {
    /// Notes its turns in a list that all share.
    private final class Reader: TurnTaker {
        let name: String
        private let list: TurnList

        init(_ name: String, _ list: TurnList) {
            self.name = name
            self.list = list
        }

        func takeTurn() { list.names.append(name) }
    }

    private final class TurnList {
        var names: [String] = []
    }

    /// A loop and its turns, made in the test: an embedded loop belongs to the thread that made it.
    private struct World {
        let loop = EmbeddedEventLoop()
        let list = TurnList()
        let turns: ReadTurns

        init() {
            turns = ReadTurns(eventLoop: loop)
        }

        func readers(_ names: String...) -> [Reader] {
            names.map { Reader($0, list) }
        }
    }

    @Test func oneAloneIsNeverHeldUp() {
        let world = World()
        let flood = Reader("a", world.list)
        for _ in 0..<10 { #expect(world.turns.ask(flood)) }
        #expect(world.list.names.isEmpty)
    }

    @Test func severalTakeTurnsInOrder() {
        let world = World()
        let all = world.readers("a", "b", "c")
        #expect(world.turns.ask(all[0]))
        #expect(!world.turns.ask(all[1]))
        #expect(!world.turns.ask(all[2]))
        #expect(world.list.names.isEmpty, "the first has not been read yet")
        for number in 0..<6 {
            #expect(!world.turns.ask(all[number % 3]))
            #expect(world.list.names.count == number + 1, "each end of a turn begins one, not more")
        }
        #expect(world.list.names == ["b", "c", "a", "b", "c", "a"])
    }

    @Test func whoHasLittleToSayPassesTheTurnOn() {
        let world = World()
        let all = world.readers("a", "b")
        _ = world.turns.ask(all[0])
        _ = world.turns.ask(all[1])
        world.turns.leave(all[0])
        #expect(world.list.names == ["b"])
        #expect(world.turns.ask(all[1]), "alone again")
    }

    @Test func whoLeavesWhileWaitingIsLeftOut() {
        let world = World()
        let all = world.readers("a", "b", "c")
        for reader in all { _ = world.turns.ask(reader) }
        world.turns.leave(all[1])
        world.turns.leave(all[0])
        #expect(world.list.names == ["c"])
    }

    /// It may have nothing left to say, and never ask again.
    @Test func aTurnThatNobodyEndsIsOverSoon() {
        let world = World()
        let all = world.readers("a", "b", "c")
        for reader in all { _ = world.turns.ask(reader) }
        world.loop.advanceTime(by: .microseconds(99))
        #expect(world.list.names.isEmpty)
        world.loop.advanceTime(by: .microseconds(1))
        #expect(world.list.names == ["b"])
        // The turn of b has just begun when its timer is set, and ends on time as well.
        world.loop.advanceTime(by: .microseconds(100))
        #expect(world.list.names == ["b", "c"])
        world.loop.advanceTime(by: .seconds(1))
        #expect(world.list.names == ["b", "c"])
    }

    @Test func aTurnThatEndedInTimeIsNotEndedAgain() {
        let world = World()
        let all = world.readers("a", "b", "c")
        for reader in all { _ = world.turns.ask(reader) }
        world.loop.advanceTime(by: .microseconds(50))
        _ = world.turns.ask(all[0])
        #expect(world.list.names == ["b"])
        // The first timer was for the turn of a.
        world.loop.advanceTime(by: .microseconds(50))
        #expect(world.list.names == ["b"])
        world.loop.advanceTime(by: .microseconds(100))
        #expect(world.list.names == ["b", "c"])
    }

    /// Over loopback: sessions that flood share, and each gets all its answers.
    @Test func everyFloodIsAnsweredToItsEnd() async throws {
        try await withServer { _, port in
            let ping = WebSocketFrame.encode(.text, payload: Array(#"{"type":"ping"}"#.utf8), maskingKey: 7)
            let flood = Array(repeating: ping, count: 1_000).flatMap { $0 }
            let clients = try (0..<8).map { number in
                let client = try RawClient(port: port)
                try client.open("/ws/987654321\(number)?presence=none", protocols: "sca.v2")
                _ = try client.frame()
                return client
            }
            for client in clients { try client.send(flood) }
            for client in clients {
                for _ in 0..<1_000 { #expect(try client.frame() == #"{"type":"pong"}"#) }
            }
        }
    }
}
