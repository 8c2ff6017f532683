import Foundation
import Testing

/// Sockets that a service manager has opened, by sd_listen_fds(3).
@Suite(.serialized) struct ActivationTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    /// Becomes `scad` with sockets from descriptor 3 on, as a service manager does it.
    private static let activate = """
        import os, socket, sys
        kind, count, pid = sys.argv[1], int(sys.argv[2]), sys.argv[3] or str(os.getpid())
        for number in range(count):
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "datagrams" else socket.SOCK_STREAM)
            opened.bind(("127.0.0.1", 0))
            if kind == "listening":
                opened.listen(16)
                print(opened.getsockname()[1], flush=True)
            os.dup2(opened.fileno(), 103 + number)
        for number in range(count):
            os.dup2(103 + number, 3 + number)
            os.close(103 + number)
        os.environ.update(LISTEN_FDS=str(count), LISTEN_PID=pid, LISTEN_FDNAMES="scad.socket")
        os.execvp("scad", ["scad", "--port", "0", "--drain-window", "100ms"])
        """

    private func activate(_ kind: String, count: Int = 1, pid: String = "") throws -> Program {
        try stage.start("/usr/bin/env", ["python3", "-c", Self.activate, kind, "\(count)", pid])
    }

    @Test func theSocketThatWasHandedOverIsServedOn() async throws {
        let program = try activate("listening")
        let port = try #require(Int(try await program.lines(1)[0]))
        // Who comes before the server does waits.
        let session = try RawSession("9876543210", port: port)
        try await program.said("listening on ws://127.0.0.1:\(port) ")
        try await blocking { try session.open() }
        program.signal(SIGTERM)
        #expect(try await blocking { session.closeCode() } == 1001)
        #expect(try await program.finish().exit == .status(0))
    }

    @Test func whatIsMeantForAnotherProcessIsLeftAlone() async throws {
        let program = try activate("listening", pid: "1")
        let port = try await program.lines(1)[0]
        let line = try await program.said("listening on ws://127.0.0.1:")
        #expect(!line.contains(":\(port) "))
    }

    @Test(arguments: [
        ("listening", 2, "handed over 2 sockets"), ("idle", 1, "no listening TCP socket"),
        ("datagrams", 1, "no listening TCP socket"),
    ])
    func whatCannotBeServedOnIs69AndOneSentence(_ kind: String, _ count: Int, _ words: String) async throws {
        let answer = try await activate(kind, count: count).finish()
        #expect(answer.exit == .status(69))
        let lines = answer.errors.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.contains(words) == true)
        #expect(lines.last?.contains("ListenStream=") == true)
    }
}
