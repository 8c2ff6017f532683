import Foundation
import Testing

/// Silence between `scactl listen` and a base server, from either side. These wait for real time to pass, since nothing
/// makes a heartbeat of ours shorter than 20 s; so they run at once.
@Suite(.needsInteropPython) struct BaseServerHeartbeatTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    /// The server is told of us every 20 s: enough for its 60 s, and for any timeout above.
    @Test func heartbeatKeepsTheSessionLongerThanThePingTimeout() async throws {
        let (server, asha, ravi) = try await stage.scene(BaseServer.start(on: stage, pingTimeout: 30))
        let listener = try await ravi.listen("--events", "message,status")
        // Came later and says nothing: when it is dropped, the listener's time is over as well.
        let silent = try await stage.baseClient("9000000003", on: server.url)
        #expect(try await silent.finish(within: Interop.patience).lines.last == "# 1000")
        #expect(try await asha.run("send", "--to", ravi.mobile, "still there?").rows["status"] == ["routed"])
        #expect(try await listener.rows(2).map { $0["state"] ?? $0["text"] } == ["connected", "still there?"])
    }

    /// One that drops a client sooner than we say something: each time we come back, and a patient sender reaches us.
    @Test func impatientServerIsComeBackTo() async throws {
        let (_, asha, ravi) = try await stage.scene(BaseServer.start(on: stage, pingTimeout: 3))
        let listener = try await ravi.listen("--events", "message,status")
        try await listener.shows("reconnected")
        let sent = try await asha.shell("scactl send --to \(ravi.mobile) --retry-for 5m 'found you'")
            .finish(within: Interop.patience)
        #expect(sent.rows["status"] == ["routed"])
        // Sent again if the sender was dropped before it heard; such a server knows no ids.
        try await eventually("the message") { Set(listener.texts) == ["found you"] }
    }

    /// Such a server knows one connection of a mobile: a one-shot `send` takes the listener's place and leaves with it. The
    /// senders hear `offline` from then on, and the listener comes back by itself when its heartbeat is not answered.
    @Test func listenerWhosePlaceWasTakenComesBack() async throws {
        let (_, asha, ravi) = try await stage.scene(BaseServer.start(on: stage))
        let listener = try await ravi.listen()
        let own = try await ravi.run("send", "--to", asha.mobile, "am I still there?")
        #expect(own.rows["status"] == ["offline"])
        let lost = try await asha.run("send", "--to", ravi.mobile, "you are not")
        #expect(lost.exit == .status(1))
        #expect(lost.rows["status"] == ["offline"])
        let kept = try await asha.shell("scactl send --to \(ravi.mobile) --retry-for 5m 'now you are'")
            .finish(within: Interop.patience)
        #expect(kept.rows["status"] == ["routed"])
        #expect(try await listener.rows(1)["text"] == ["now you are"])
        #expect(listener.errors.text.contains("connected again"))
    }
}
