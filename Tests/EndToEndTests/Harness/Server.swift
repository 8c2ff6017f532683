import Foundation

/// A `scad` that runs.
final class Server: Sendable {
    let program: Program
    let port: Int
    /// `ws`, or `wss` with a certificate.
    let scheme: String

    private init(_ program: Program, scheme: String, port: Int) {
        self.program = program
        self.scheme = scheme
        self.port = port
    }

    var url: String { "\(scheme)://127.0.0.1:\(port)" }

    /// Starts it and waits until it says where it listens.
    ///
    /// - Parameter port: 0 lets the system choose.
    static func start(on stage: Stage, _ options: [String], port: Int = 0) async throws -> Server {
        try await heard(stage.start("scad", ["--port", "\(port)"] + drainingSoon(options)))
    }

    /// The same with so few files that it may have open.
    static func start(on stage: Stage, files: Int, _ options: String = "") async throws -> Server {
        let line = "ulimit -n \(files); exec scad --port 0 --drain-window 100ms \(options)"
        return try await heard(stage.start("/bin/sh", ["-c", line]))
    }

    /// Asks it to drain, and waits for its end.
    func stop() async throws -> Finished {
        program.signal(SIGTERM)
        return try await program.finish()
    }

    /// Ends it without a word.
    func kill() async throws {
        program.signal(SIGKILL)
        try await program.finish()
    }

    /// A new one on the same port, once this one has ended.
    func restarted(on stage: Stage, _ options: String...) async throws -> Server {
        try await Self.start(on: stage, options, port: port)
    }

    /// User and system time so far, in seconds.
    func processorSeconds() throws -> Double {
        let line = try String(contentsOfFile: "/proc/\(program.pid)/stat", encoding: .utf8)
        // After the name, which ends with the last bracket; fields 14 and 15 of proc(5).
        let fields = line.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw Failure("unreadable: \(line)")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func drainingSoon(_ options: [String]) -> [String] {
        options.contains("--drain-window") ? options : options + ["--drain-window", "100ms"]
    }

    private static func heard(_ program: Program) async throws -> Server {
        let line = try await program.said("listening on ws")
        let words = line.firstMatch(of: /listening on (wss?):\/\/127\.0\.0\.1:(\d+)/)?.output
        guard let words, let port = Int(words.2) else { throw Failure("no port in: \(line)") }
        return Server(program, scheme: String(words.1), port: port)
    }
}
