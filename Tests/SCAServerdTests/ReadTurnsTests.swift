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

    private let loop = EmbeddedEventLoop()
    private let list = TurnList()
    private let turns: ReadTurns

    init() {
        turns = ReadTurns(eventLoop: loop)
    }

    private func readers(_ names: String...) -> [Reader] {
        names.map { Reader($0, list) }
    }

    @Test func oneAloneIsNeverHeldUp() {
        let flood = Reader("a", list)
        for _ in 0..<10 { #expect(turns.ask(flood)) }
        #expect(list.names.isEmpty)
    }

    @Test func severalTakeTurnsInOrder() {
        let all = readers("a", "b", "c")
        #expect(turns.ask(all[0]))
        #expect(!turns.ask(all[1]))
        #expect(!turns.ask(all[2]))
        #expect(list.names.isEmpty, "the first has not been read yet")
        for number in 0..<6 {
            #expect(!turns.ask(all[number % 3]))
            #expect(list.names.count == number + 1, "each end of a turn begins one, not more")
        }
        #expect(list.names == ["b", "c", "a", "b", "c", "a"])
    }

    @Test func whoHasLittleToSayPassesTheTurnOn() {
        let all = readers("a", "b")
        _ = turns.ask(all[0])
        _ = turns.ask(all[1])
        turns.leave(all[0])
        #expect(list.names == ["b"])
        #expect(turns.ask(all[1]), "alone again")
    }

    @Test func whoLeavesWhileWaitingIsLeftOut() {
        let all = readers("a", "b", "c")
        for reader in all { _ = turns.ask(reader) }
        turns.leave(all[1])
        turns.leave(all[0])
        #expect(list.names == ["c"])
    }

    /// It may have nothing left to say, and never ask again.
    @Test func aTurnThatNobodyEndsIsOverSoon() {
        let all = readers("a", "b", "c")
        for reader in all { _ = turns.ask(reader) }
        loop.advanceTime(by: .microseconds(99))
        #expect(list.names.isEmpty)
        loop.advanceTime(by: .microseconds(1))
        #expect(list.names == ["b"])
        // The turn of b has just begun when its timer is set, and ends on time as well.
        loop.advanceTime(by: .microseconds(100))
        #expect(list.names == ["b", "c"])
        loop.advanceTime(by: .seconds(1))
        #expect(list.names == ["b", "c"])
    }

    @Test func aTurnThatEndedInTimeIsNotEndedAgain() {
        let all = readers("a", "b", "c")
        for reader in all { _ = turns.ask(reader) }
        loop.advanceTime(by: .microseconds(50))
        _ = turns.ask(all[0])
        #expect(list.names == ["b"])
        // The first timer was for the turn of a.
        loop.advanceTime(by: .microseconds(50))
        #expect(list.names == ["b"])
        loop.advanceTime(by: .microseconds(100))
        #expect(list.names == ["b", "c"])
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
