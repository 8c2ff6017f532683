import FoundationEssentials
import Glibc
import SCACore
import Testing

@testable import scactl

@Suite struct KnownPeersTests {
    private let third = Mobile(trusted: "9000000003")

    @Test func peersComeNewestFirstAndOnceWhicheverWayTheMessageWent() throws {
        let world = World()
        try world.store(
            .example("a", peer: third),
            .example("b"),
            .example("c", direction: .out, peer: World.other),
            .example("d", direction: .out, peer: World.peer)
        )
        #expect(KnownPeers.read(historyPath: world.historyPath, limit: 9) == [World.peer, World.other, third])
        #expect(KnownPeers.read(historyPath: world.historyPath, limit: 2) == [World.peer, World.other])
        #expect(KnownPeers.read(historyPath: world.historyPath, limit: 0) == [])
    }

    @Test func onlyTheEndOfALongHistoryIsLookedAt() throws {
        let world = World()
        let rows = (1..<KnownPeers.rows).map { HistoryRow.example("m\($0)") }
        _ = try HistoryFile(path: world.historyPath).append(
            [.example("old", peer: third), .example("edge", peer: World.other)] + rows
        )
        #expect(KnownPeers.read(historyPath: world.historyPath, limit: 9) == [World.peer, World.other])
    }

    @Test func whatCannotBeReadIsNobody() throws {
        let world = World()
        #expect(KnownPeers.read(historyPath: world.historyPath, limit: 9) == [])
        try FileManager.default.createDirectory(atPath: world.historyPath, withIntermediateDirectories: true)
        #expect(KnownPeers.read(historyPath: world.historyPath, limit: 9) == [])
        let pipe = "\(world.folder)/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(KnownPeers.read(historyPath: pipe, limit: 9) == [])
    }

    @Test func linesThatAreNoRowsAreSteppedOver() throws {
        let world = World()
        try world.store(.example("a", peer: third))
        let file = try #require(fopen(world.historyPath, "a"))
        fputs("no row\n{\"type\":\"message\",\"id\":\"torn", file)
        fclose(file)
        #expect(KnownPeers.read(historyPath: world.historyPath, limit: 9) == [third])
    }
}
