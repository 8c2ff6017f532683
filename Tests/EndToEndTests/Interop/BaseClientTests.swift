import Foundation
import Testing

/// `scad` and clients of the base dialect on Python's `websockets`, which have never heard of ours.
@Suite(.serialized, .needsInteropPython) struct BaseClientTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    /// The client compares each frame with its bytes in the base dialect, and ends at the first difference.
    @Test func scadSaysByteForByteWhatTheBaseDialectFixes() async throws {
        let server = try await stage.server()
        let scenes = "presence, heartbeats, messages, upgrades, bad_input, violations, sessions, ids"
        try await play(server.url, ends: "OK: \(scenes)")
    }

    @Test func silentBaseClientIsClosedAndOneThatPingsStays() async throws {
        let server = try await stage.server("--ping-timeout", "4s", "--cleanup-interval", "100ms")
        try await play(server.url, "--only", "heartbeat", "--heartbeat", "4", ends: "OK: heartbeat")
    }

    /// The client is no better than what it was written from: the same exchange, with the original's stack.
    @Test func baseServerSaysTheSame() async throws {
        let server = try await BaseServer.start(on: stage)
        try await play(server.url, "--reference", ends: "OK: presence, heartbeats, messages, upgrades")
    }

    @Test func baseClientAndListenerTalkToEachOther() async throws {
        let (server, _, ravi) = try await stage.scene()
        let listener = try await ravi.listen("--events", "message,presence")
        let asha = try await stage.baseClient("9876543210", on: server.url)
        #expect(try await asha.lines(1) == [#"{"type":"online_users","users":["9123456780","9876543210"]}"#])

        asha.write(#"{"type":"message","to":"9123456780","text":"hello from \"base\" 👋"}"# + "\n")
        let heard = try await listener.rows(2)
        #expect(heard[0]["mobile"] == "9876543210" && heard[0].truth("online") == true)
        #expect(heard[1]["text"] == #"hello from "base" 👋"#)
        #expect(heard[1]["from"] == "9876543210")
        #expect(ravi.history.map(\.line) == [heard[1].line])

        let sent = try await ravi.run("send", "--to", "9876543210", "नमस्ते / \\ \"")
        #expect(sent.exit == .status(0))
        #expect(sent.rows["status"] == ["routed"])
        #expect(try await asha.lines(2).last == #"{"type":"message","from":"9123456780","text":"नमस्ते / \\ \""}"#)

        asha.closeInput()
        #expect(try await asha.finish().lines.last == "# 1000")
        // What Ravi sent himself is in his history, and not among what arrived.
        let gone = try await listener.rows(3)
        #expect(gone[2]["mobile"] == "9876543210" && gone[2].truth("online") == false)
        #expect(Set(ravi.history["id"]).count == 2)
    }

    private func play(_ url: String, _ options: String..., ends last: String) async throws {
        guard let python = Interop.python else { return }
        let client = try stage.start(python, [Interop.script("base_client.py"), url] + options)
        let finished = try await client.finish(within: Interop.patience)
        let transcript = finished.lines.suffix(20).joined(separator: "\n")
        #expect(finished.exit == .status(0), "\(transcript)\n\(finished.errors)")
        #expect(finished.lines.last == last)
    }
}
