import Foundation
import Testing

/// Programs of other people's making, under `Tests/Interop`, and the Python that runs them.
enum Interop {
    /// A Python with the packages of `Tests/Interop/requirements.txt`; `scripts/test` makes it and sets the variable.
    static let python = ProcessInfo.processInfo.environment["SCA_INTEROP_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

    /// Python takes its time on a busy machine.
    static let patience = Duration.seconds(240)

    static func script(_ name: String) -> String {
        var folder = URL(filePath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        return folder.appending(path: "Interop/\(name)").path
    }
}

extension Trait where Self == ConditionTrait {
    /// For whatever starts a peer of `Interop`.
    static var needsInteropPython: Self {
        .enabled(if: Interop.python != nil, "SCA_INTEROP_PYTHON names no Python; scripts/test makes one and sets it")
    }
}

extension Stage {
    /// Starts a script of `Tests/Interop`.
    func python(
        _ script: String,
        _ arguments: String...,
        environment: [String: String] = [:],
        input: Input = .nothing
    ) throws -> Program {
        guard let python = Interop.python else { throw Failure("SCA_INTEROP_PYTHON is not set") }
        return try start(
            python,
            [Interop.script(script)] + arguments,
            environment: environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 },
            input: input
        )
    }

    /// A client on Python's `websockets` that is online: frames are written to it, and are its lines.
    func baseClient(_ mobile: String, on url: String) async throws -> Program {
        let client = try python("base_pipe.py", "\(url)/ws/\(mobile)", input: .open)
        try await client.lines(1, within: Interop.patience)
        return client
    }

    /// The usual two people, and the base server that they know.
    func scene(_ server: BaseServer) throws -> (server: BaseServer, asha: Person, ravi: Person) {
        (server, try person("9876543210", on: server), try person("9123456780", on: server))
    }

    /// Somebody whose server is a base server.
    func person(_ mobile: String, on server: BaseServer) throws -> Person {
        try Person(mobile, server.url, on: self)
    }
}

/// A base server on FastAPI and uvicorn that runs.
final class BaseServer: Sendable {
    private let program: Program
    private let port: Int

    private init(_ program: Program, port: Int) {
        self.program = program
        self.port = port
    }

    var url: String { "ws://127.0.0.1:\(port)" }

    /// - Parameters:
    ///   - port: 0 lets the system choose.
    ///   - pingTimeout: seconds of silence after which it drops a client.
    static func start(on stage: Stage, port: Int = 0, pingTimeout: Double = 60) async throws -> BaseServer {
        let environment = ["PING_TIMEOUT": "\(pingTimeout)", "CLEANUP_INTERVAL": "0.25"]
        let program = try stage.python("base_server.py", "--port", "\(port)", environment: environment)
        let line = try await program.lines(1, within: Interop.patience).first ?? ""
        guard let port = Int(line) else { throw Failure("no port in: \(line)") }
        return BaseServer(program, port: port)
    }

    /// One whose port is there again after a restart; see `Stage.lastingServer`.
    static func lasting(on stage: Stage) async throws -> BaseServer {
        for _ in 0..<20 {
            if let server = try? await start(on: stage, port: .random(in: 20_000..<30_000)) { return server }
        }
        throw Failure("no free port")
    }

    /// Ends it without a word.
    func kill() async throws {
        program.signal(SIGKILL)
        try await program.finish()
    }

    /// A new one on the same port, once this one has ended.
    func restarted(on stage: Stage) async throws -> BaseServer {
        try await Self.start(on: stage, port: port)
    }
}

extension Program {
    /// The texts of the messages that it printed.
    var texts: [String] { output.lines.map(Row.init).of("message")["text"] }

    /// Waits for a status row.
    func shows(_ state: String) async throws {
        try await eventually("\(state) from \(command)", within: Interop.patience) {
            output.lines.map(Row.init)["state"].contains(state)
        }
    }
}
