import Foundation
import Testing

/// What `scactl` says of servers that are not there, go away, or are no servers of ours.
@Suite(.serialized) struct RefusalTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test(arguments: [["who"], ["listen"], ["send", "--to", "9123456780", "hi"], ["health"], ["login", "9876543210"]])
    func refusedConnectionIs69(_ words: [String]) async throws {
        let asha = try stage.person("9876543210", on: nil)
        let answer = try await stage.start(
            "scactl",
            words + ["-s", "ws://127.0.0.1:1"],
            environment: asha.environment
        ).finish()
        #expect(answer.exit == .status(69))
        #expect(answer.errorRows.map { $0["code"] } == ["unreachable"])
        #expect(answer.output.isEmpty)
    }

    @Test func webServerWithoutWebSocketIs69() async throws {
        let web = try FakeServer.http("200 OK", "<h1>Hello</h1>", on: stage)
        try await expect("who", on: web, gives: 69)
        try await expect("listen", on: web, gives: 69)
    }

    @Test func serverErrorIs69() async throws {
        try await expect("who", on: FakeServer.http("500 Internal Server Error", on: stage), gives: 69)
    }

    @Test func wrongAcceptKeyIs69() async throws {
        let impostor = try FakeServer(on: stage) { peer in
            peer.accept(peer.readHead().replacing(/(?i)Sec-WebSocket-Key: */, with: "Sec-WebSocket-Key: x"))
            peer.drain()
        }
        try await expect("who", on: impostor, gives: 69)
    }

    @Test func serverThatHangsUpIs69() async throws {
        try await expect("who", on: FakeServer(on: stage) { _ = $0.readHead() }, gives: 69)
    }

    @Test func lostConnectionIs69() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let sender = try asha.start("send", "-l", "--to", ravi.mobile, input: .open)
        sender.write("one\n")
        #expect(try await sender.rows(1)["status"] == ["stored"])
        try await server.kill()
        let answer = try await sender.finish()
        #expect(answer.exit == .status(69))
        #expect(answer.errorRows.last?["code"] == "connection_lost")
        #expect(listener.exit() == nil)
    }

    /// Reserved bits (RFC 6455, section 5.2), a masked frame from a server (5.1), text that is not UTF-8 (8.1).
    @Test(arguments: [[0xF1, 0x00], [0x81, 0x80, 0, 0, 0, 0], [0x81, 0x01, 0xFF]] as [[UInt8]])
    func serverThatBreaksTheProtocolIs76(_ bytes: [UInt8]) async throws {
        try await expect("who", on: FakeServer.webSocket(bytes, on: stage), gives: 76)
    }

    /// As a server does that lets everyone in and then looks who it is.
    @Test func closeRightBehindTheUpgradeIs77IfItDoesNotAdmit() async throws {
        try await expect("who", on: FakeServer.webSocket([0x88, 0x02, 0x03, 0xF0], on: stage), gives: 77)
    }

    @Test(arguments: ["401 Unauthorized", "403 Forbidden"])
    func serverThatDoesNotAdmitIs77(_ status: String) async throws {
        let strict = try FakeServer.http(
            status,
            #"{"error":{"code":"unauthorized","message":"a token is needed"}}"#,
            on: stage
        )
        let answer = try await expect("listen", on: strict, gives: 77)
        #expect(answer.errors.contains("a token is needed"))
    }

    @discardableResult
    private func expect(
        _ command: String,
        on server: FakeServer,
        gives status: Int32,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Finished {
        let asha = try stage.person("9876543210", on: nil)
        let answer = try await asha.run(command, "-s", server.url)
        #expect(answer.exit == .status(status), "\(answer.errors)", sourceLocation: sourceLocation)
        #expect(answer.errorRows.map { $0.number("exit") } == [Int(status)], sourceLocation: sourceLocation)
        #expect(answer.output.isEmpty, sourceLocation: sourceLocation)
        return answer
    }
}
