import Foundation
import Synchronization
import Testing

/// What one test starts and writes: a temporary folder, programs, servers, people. All of it goes with the test, however that
/// ends: a suite holds its stage in a property, and there is a new suite for each test.
final class Stage: Sendable {
    /// Where the programs are that were built with these tests: beside the test bundle.
    static let products = Bundle.main.executableURL?.deletingLastPathComponent().path ?? "."

    /// What every program is given: where programs are found, and what a sanitizer is told (`scripts/test --sanitize`).
    private static let environment: [String: String] = {
        let ours = ProcessInfo.processInfo.environment
        let passed = ours.filter { ["ASAN_OPTIONS", "TSAN_OPTIONS", "SWIFT_BACKTRACE"].contains($0.key) }
        return passed.merging(["PATH": "\(products):\(ours["PATH"] ?? "/usr/bin:/bin")"]) { $1 }
    }()

    /// Tests that run at once: enough that those which wait cost nothing, few enough that deadlines hold.
    private static let gate = Gate(places: 4)

    let folder: String
    private let endings = Mutex<[@Sendable () -> Void]>([])

    init() async {
        await Self.gate.enter()
        var template = Array("\(FileManager.default.temporaryDirectory.path)/sca-XXXXXX".utf8CString)
        let isMade = template.withUnsafeMutableBufferPointer { $0.baseAddress.map { mkdtemp($0) != nil } ?? false }
        if !isMade { Issue.record("no temporary folder: \(Failure.system("mkdtemp"))") }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        for end in endings.withLock({ $0.reversed() }) { end() }
        try? FileManager.default.removeItem(atPath: folder)
        Self.gate.leave()
    }

    /// Has something done when the test is over; the last first.
    func atEnd(_ work: @escaping @Sendable () -> Void) {
        endings.withLock { $0.append(work) }
    }

    /// Starts a program with this environment, PATH, and nothing else but what sanitizers are told.
    ///
    /// - Parameters:
    ///   - name: one of ours, else a path.
    ///   - entering: a program and its words that execute it in a `Room`.
    func start(
        _ name: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        input: Input = .nothing,
        entering: [String] = []
    ) throws -> Program {
        let words = entering + [name.hasPrefix("/") ? name : "\(Self.products)/\(name)"] + arguments
        let program = try Program(
            Launch(
                path: words[0],
                arguments: Array(words.dropFirst()),
                environment: Self.environment.merging(environment) { $1 },
                input: input
            )
        )
        atEnd { program.end() }
        return program
    }

    /// Somebody with folders of their own, and the mobile and the server in the environment.
    func person(_ mobile: String, on server: Server?) throws -> Person {
        try Person(mobile, server?.url, on: self)
    }

    /// The usual scene: a server, and two people who know it.
    func scene(_ options: String...) async throws -> (server: Server, asha: Person, ravi: Person) {
        let server = try await Server.start(on: self, options, port: 0)
        return (server, try person("9876543210", on: server), try person("9123456780", on: server))
    }

    /// A server that listens.
    func server(_ options: String..., port: Int = 0) async throws -> Server {
        try await Server.start(on: self, options, port: port)
    }

    /// A server whose port is there again after a restart: below those that the system gives to anyone who connects, and so
    /// to no client that looks for the server meanwhile.
    func lastingServer(_ options: String...) async throws -> Server {
        for _ in 0..<20 {
            let port = Int.random(in: 20_000..<30_000)
            if let server = try? await Server.start(on: self, options, port: port) { return server }
        }
        throw Failure("no free port")
    }

    /// Writes a file in the folder.
    ///
    /// - Returns: its path.
    func file(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
        return "\(folder)/\(name)"
    }
}
