import Foundation
import Testing

/// `scad` as a process: how it starts, what it says when it cannot, how it ends.
@Suite(.serialized) struct DaemonTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func portInUseIs69AndOneSentence() async throws {
        let server = try await stage.server()
        let answer = try await stage.start("scad", ["--port", "\(server.port)"]).finish()
        #expect(answer.exit == .status(69))
        #expect(answer.errors.split(separator: "\n").count == 1)
        #expect(answer.errors.contains("127.0.0.1:\(server.port) is in use"))
        #expect(answer.output.isEmpty)
    }

    @Test(arguments: [
        ["--frobnicate"], ["--port", "70000"], ["--ping-timeout", "soon"], ["--threads", "0"], ["extra"],
        ["--log-format", "xml"],
    ])
    func badOptionIs64(_ words: [String]) async throws {
        let answer = try await stage.start("scad", words).finish()
        #expect(answer.exit == .status(64))
        #expect(!answer.errors.isEmpty)
        #expect(answer.output.isEmpty)
    }

    @Test func badVariableIs64() async throws {
        let answer = try await stage.start("scad", [], environment: ["SCAD_PING_TIMEOUT": "soon"]).finish()
        #expect(answer.exit == .status(64))
        #expect(answer.errors.contains("SCAD_PING_TIMEOUT"))
    }

    @Test func portComesFromTheEnvironment() async throws {
        let program = try stage.start("scad", [], environment: ["PORT": "0"])
        try await program.said("listening on ws://127.0.0.1:")
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func signalDrainsAndEndsWithZero(_ number: Int32) async throws {
        let server = try await stage.server("--drain-window", "300ms")
        let sessions = try await RawSession.open((0..<50).map { String(9_000_000_000 + $0) }, on: server)
        server.program.signal(number)
        let codes = try await blocking { sessions.map { $0.closeCode() } }
        #expect(codes == Array(repeating: 1001, count: 50))
        let answer = try await server.program.finish()
        #expect(answer.exit == .status(0))
        #expect(answer.errors.contains("draining"))
        #expect(answer.errors.contains("drained"))
        #expect(answer.output.isEmpty)
    }

    @Test func requestThatNeverEndsIsNotWaitedFor() async throws {
        let server = try await stage.server("--handshake-timeout", "300ms")
        let slow = try Socket(port: server.port)
        slow.write(Array("GET /ws/9876543210 HTTP/1.1\r\n".utf8))
        #expect(try await blocking { slow.readHead().hasPrefix("HTTP/1.1 101") } == false)
        #expect(try await server.stop().exit == .status(0))
    }

    @Test func bytesThatAreNoRequestDoNoHarm() async throws {
        let (server, asha, _) = try await stage.scene()
        for bytes in [[0x16, 0x03, 0x01, 0x02, 0x00], Array(repeating: 0x41, count: 20_000), [0x0A]] as [[UInt8]] {
            let peer = try Socket(port: server.port)
            peer.write(bytes)
        }
        #expect(try await asha.run("health").exit == .status(0))
    }
}
