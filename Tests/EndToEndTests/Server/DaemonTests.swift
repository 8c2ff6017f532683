import Foundation
import Testing

/// `scad` as a process: how it starts, what it says when it cannot, how it ends.
@Suite(.serialized) struct DaemonTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func portInUseIs69AndASentenceAndWhatToDo() async throws {
        let server = try await stage.server()
        let answer = try await stage.start("scad", ["--port", "\(server.port)"]).finish()
        #expect(answer.exit == .status(69))
        let place = "127.0.0.1:\(server.port)"
        let hint = "stop the other program, or choose another port with --port"
        #expect(answer.errors == "scad: \(place) is in use\n  try: \(hint)\n")
        #expect(answer.output.isEmpty)
    }

    @Test(arguments: [
        ["--frobnicate"], ["--port", "70000"], ["--ping-timeout", "soon"], ["--threads", "0"], ["extra"],
        ["--log-format", "xml"], ["--compression-window-bits", "12"],
    ])
    func badOptionIs64(_ words: [String]) async throws {
        let answer = try await stage.start("scad", words).finish()
        #expect(answer.exit == .status(64))
        #expect(answer.errors.hasPrefix("scad: ") && answer.errors.hasSuffix("\n  try: scad --help\n"))
        #expect(answer.errors.split(separator: "\n").count == 2)
        #expect(answer.output.isEmpty)
    }

    /// Each row: the command line, what the sentence says is expected, and what is to be tried.
    @Test(
        arguments: [
            ("--ping-timeout soon", "it must be a duration like 250ms, 10s, 5m", "scad --help"),
            ("--max-text 12q", "it must be a size like 65536, 64K, 1M", "scad --help"),
            ("--frame-rate x", "it must be a whole number", "scad --help"),
            ("--log-level loud", "it must be one of trace, debug", "scad --help"),
            ("--memory-limit x", "it must be a size like 512M or a share like 80%", "scad --help"),
            ("--metrics x", "it must be a port like 9464", "scad --help"),
            ("--threads 0", "--threads must be 1 to 64; found 0", "scad --help"),
            ("--max-text 10M", "--max-outbox must hold at least one frame (20972544 bytes", "scad --help"),
            ("--max-text 8000000000G", "--max-text must be 1 byte to 16 MiB; found 8589934592000000000", "scad --help"),
            ("--max-frame 8000000000G", "at most 64 MiB; found 8589934592000000000", "scad --help"),
            (
                "--auth code --token-signing-key k --code-command c --max-codes 1000000000000000000",
                "the codes that wait must be at most 10000000", "scad --help"
            ),
            ("--auth x", "one of 'none', 'token' or 'code'", "scad --help"),
            ("token issue --mobile 12", "it must be 10 to 32 digits", "scad help token issue"),
            ("--ping-timeout -5", "--ping-timeout needs a value, and \"-5\" looks like an option", "scad --help"),
        ]
    )
    func aValueThatIsNoneIsToldWhatItMustBe(_ words: String, _ expected: String, _ hint: String) async throws {
        let answer = try await stage.start("scad", words.split(separator: " ").map(String.init)).finish()
        #expect(answer.exit == .status(64))
        #expect(answer.errors.contains(expected))
        #expect(answer.errors.hasSuffix("\n  try: \(hint)\n"))
    }

    @Test(arguments: [
        (#"scad --token-audience "$(printf 'l\351on')""#, "argument 2 is not UTF-8"),
        (#"SCAD_TOKEN_AUDIENCE="$(printf 'l\351on')" scad --port 0"#, "it must be text in UTF-8"),
    ])
    func whatIsNotUTF8IsRefused(_ line: String, _ expected: String) async throws {
        let answer = try await stage.start("/bin/sh", ["-c", line]).finish()
        #expect(answer.exit == .status(64))
        #expect(answer.errors.contains(expected))
    }

    @Test func keysWhoseNamesCouldNotBePrintedAreNotLeft() async throws {
        let line = "cd \(stage.folder) && ! scad token keygen > /dev/full; ls -A"
        #expect(try await stage.start("/bin/sh", ["-c", line]).finish().output == "")
    }

    @Test(arguments: ["scad --help", "scad --version", "scad help token", "scad token keygen --key made"])
    func standardOutputThatCannotBeWrittenIs74(_ command: String) async throws {
        let line = "cd \(stage.folder) && exec \(command) > /dev/full"
        let answer = try await stage.start("/bin/sh", ["-c", line]).finish()
        #expect(answer.exit == .status(74))
        #expect(answer.errors.hasPrefix("scad: cannot write to stdout: No space left on device\n  try: "))
    }

    @Test func aVariableThatIsNoOptionIsSaidOnceWithTheNearestOne() async throws {
        let names = ["SCAD_PROT": "1", "SCAD_WEATHER": "fine", "SCAD_HOST": "127.0.0.1"]
        let program = try stage.start("scad", ["--port", "0", "--host", "127.0.0.1"], environment: names)
        try await program.said("listening on ws://127.0.0.1:")
        let said = program.errors.lines.filter { $0.contains("means nothing to scad") }
        #expect(said.count == 2)
        let first = "the environment's SCAD_PROT means nothing to scad, and is ignored; did you mean SCAD_PORT?"
        #expect(said.first?.hasSuffix(first) == true)
        #expect(said.last?.contains("SCAD_WEATHER") == true && said.last?.contains("scad --help") == true)
    }

    @Test(arguments: ["SCAD_PING_TIMEOUT", "SCAD_COMPRESSION_WINDOW_BITS"])
    func badVariableIs64(_ name: String) async throws {
        let answer = try await stage.start("scad", [], environment: [name: "soon"]).finish()
        #expect(answer.exit == .status(64))
        #expect(answer.errors.contains(name))
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

    /// Each row: the second signal, and the status.
    @Test(arguments: [(SIGTERM, 143), (SIGINT, 130)] as [(Int32, Int32)])
    func secondSignalEndsItAtOnce(_ number: Int32, _ status: Int32) async throws {
        let server = try await stage.server("--drain-window", "60s")
        let sessions = try await RawSession.open((0..<10).map { String(9_000_000_000 + $0) }, on: server)
        server.program.signal(SIGTERM)
        try await server.program.said("draining")
        server.program.signal(number)
        let answer = try await server.program.finish()
        #expect(answer.exit == .status(status))
        #expect(answer.errors.contains("told again to end: "))
        #expect(!answer.errors.contains("drained"))
        withExtendedLifetime(sessions) {}
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
