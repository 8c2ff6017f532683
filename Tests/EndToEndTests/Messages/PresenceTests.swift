import Foundation
import Testing

/// Who is online, as seen by `who`.
@Suite(.serialized) struct PresenceTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func whoListsAThousandUsers() async throws {
        // These sessions never ping, and it takes long until all are open on a busy machine.
        let (server, asha, _) = try await stage.scene("--ping-timeout", "1h", "--handshake-timeout", "10m")
        let mobiles = (0..<1000).map { String(9_000_000_000 + $0) }
        let sessions = try await RawSession.open(mobiles, on: server)
        // The list is exact soon: with so many, changes are folded.
        let answer = try await eventually("the whole list") {
            let answer = try await asha.run("who")
            return answer.rows.count >= mobiles.count ? answer : nil
        }
        #expect(answer.exit == .status(0))
        #expect(answer.rows["mobile"].sorted() == mobiles)
        #expect(answer.rows.allSatisfy { $0.truth("online") == true })
        let some = try await asha.run("who", mobiles[7], "9876543210", mobiles[993])
        #expect(some.exit == .status(1), "\(some.errors)")
        #expect(some.rows.map { $0.truth("online") } == [true, false, true])
        // Those who asked may still be on their way out.
        try await eventually("the thousand alone") {
            try await asha.run("health").rows.first?.number("connections") == sessions.count
        }
    }

    @Test func askingIsNotSeen() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let watcher = try asha.start("who", "--watch")
        let listener = try await ravi.listen()
        #expect(try await watcher.rows(1)["mobile"] == [ravi.mobile])
        #expect(try await asha.run("who").rows["mobile"] == [ravi.mobile])
        try await asha.run("send", "--to", ravi.mobile, "hi")
        listener.signal(SIGTERM)
        try await listener.finish()
        let rows = try await watcher.rows(2)
        #expect(rows.map { $0["mobile"] } == [ravi.mobile, ravi.mobile])
        #expect(rows.last?["type"] == "presence")
        #expect(rows.last?.truth("online") == false)
    }

    @Test func mobileIsOnlineUntilItsLastSessionEnds() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let first = try await ravi.listen()
        let second = try await ravi.listen()
        #expect(try await asha.run("who").rows["mobile"] == [ravi.mobile])
        first.signal(SIGKILL)
        try await first.finish()
        try await eventually("one connection") {
            try await asha.run("health").rows.first?.number("connections") == 1
        }
        try await asha.sees(ravi)
        second.signal(SIGKILL)
        try await second.finish()
        try await asha.misses(ravi)
    }

    @Test func silentSessionGoesOfflineAfterThePingTimeout() async throws {
        let (server, asha, ravi) = try await stage.scene("--ping-timeout", "1s", "--cleanup-interval", "100ms")
        let listener = try await ravi.listen()
        let silent = try await RawSession.open(["9000000003"], on: server)
        try await asha.misses(try stage.person("9000000003", on: server))
        #expect(try await blocking { silent[0].closeCode() } == 4000)
        // A program that pings stays.
        try await asha.sees(ravi)
        #expect(listener.exit() == nil)
    }
}
