import Foundation
import Testing

/// What `scad` tells a service manager, by sd_notify(3).
@Suite(.serialized) struct NotifyTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    private func start(_ manager: ManagerSocket, watchdog: Duration? = nil) throws -> Program {
        var environment = ["NOTIFY_SOCKET": manager.name]
        if let watchdog { environment["WATCHDOG_USEC"] = "\(watchdog.components.seconds * 1_000_000)" }
        return try stage.start("scad", ["--port", "0", "--drain-window", "100ms"], environment: environment)
    }

    private func port(_ program: Program) async throws -> Int {
        let line = try await program.said("listening on ws")
        return try #require(line.firstMatch(of: /127\.0\.0\.1:(\d+)/).flatMap { Int($0.1) })
    }

    @Test(arguments: [false, true])
    func managerIsToldOfStartReloadAndEnd(isAbstract: Bool) async throws {
        let name = isAbstract ? "@sca-test-\(getpid())-\(stage.folder.suffix(6))" : "\(stage.folder)/notify"
        let manager = try ManagerSocket(name, on: stage)
        let program = try start(manager)
        try await manager.hears("READY=1")
        // Who is told that it is ready finds it listening.
        let client = try Socket(port: try await port(program))
        client.write(Array("GET /health HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        #expect(try await blocking { client.readHead() }.hasPrefix("HTTP/1.1 200 "))

        manager.forget()
        let before = DispatchTime.now().uptimeNanoseconds / 1_000
        program.signal(SIGHUP)
        let reloading = try await manager.hears("RELOADING=1")
        let time = reloading.firstMatch(of: /(?m)^MONOTONIC_USEC=(\d+)$/).flatMap { UInt64($0.1) }
        #expect(try #require(time) >= before)
        try await manager.hears("READY=1")
        #expect(manager.messages.prefix(2).map { $0.hasPrefix("RELOADING=1\n") } == [true, false])

        program.signal(SIGTERM)
        #expect(try await manager.hears("STOPPING=1").contains("STATUS=draining"))
        #expect(try await program.finish().exit == .status(0))
        #expect(!manager.messages.contains { $0.contains("WATCHDOG") }, "nobody asked for it")
    }

    @Test func signsOfLifeComeAgainAndAgainWithTheStatus() async throws {
        let manager = try ManagerSocket("\(stage.folder)/notify", on: stage)
        let program = try start(manager, watchdog: .seconds(1))
        let session = try RawSession("9876543210", port: try await port(program))
        try await blocking { try session.open() }
        try await manager.hears("STATUS=serving, 1 sessions")
        try await eventually("three signs of life") { manager.messages.count { $0 == "WATCHDOG=1" } >= 3 }
        withExtendedLifetime(session) {}
    }

    @Test func aWatchdogOfAnotherProcessIsNotAnswered() async throws {
        let manager = try ManagerSocket("\(stage.folder)/notify", on: stage)
        let environment = ["NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "2000", "WATCHDOG_PID": "1"]
        let program = try stage.start("scad", ["--port", "0"], environment: environment)
        try await manager.hears("READY=1")
        program.signal(SIGTERM)
        try await manager.hears("STOPPING=1")
        #expect(try await program.finish().exit == .status(0))
        #expect(!manager.messages.contains("WATCHDOG=1"))
    }

    @Test(arguments: ["nosuch", "/nosuch/socket", "@", ""])
    func aManagerThatIsNotThereIsNoReasonToFail(name: String) async throws {
        let program = try stage.start("scad", ["--port", "0"], environment: ["NOTIFY_SOCKET": name])
        try await program.said("listening on ws")
        program.signal(SIGTERM)
        #expect(try await program.finish().exit == .status(0))
    }

    /// A log that nobody reads is a way to hold an event loop up for real: its writes wait.
    @Test func aLoopThatIsStuckGivesNoSignOfLife() async throws {
        let manager = try ManagerSocket("\(stage.folder)/notify", on: stage)
        let log = try Fifo("\(stage.folder)/log")
        let line = #"exec scad --port 0 --drain-window 100ms --log-level trace --connect-rate 0 2>"$0""#
        let environment = ["NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000"]
        let program = try stage.start("/bin/sh", ["-c", line, log.path], environment: environment)
        let found = try await eventually("the port") { log.readSome().firstMatch(of: /127\.0\.0\.1:(\d+)/) }
        let port = try #require(Int(found.1))
        try await manager.hears("WATCHDOG=1")

        // More lines than fit.
        let crowd = try (0..<200).map { try RawSession(String(9_000_000_000 + $0), port: port) }
        try await eventually("silence") { manager.silence > .seconds(2) }
        manager.forget()
        let reader = Task {
            while !Task.isCancelled { _ = log.readSome(); try await Task.sleep(for: .milliseconds(1)) }
        }
        try await manager.hears("WATCHDOG=1")
        program.signal(SIGTERM)
        #expect(try await program.finish().exit == .status(0))
        reader.cancel()
        withExtendedLifetime(crowd) {}
    }
}

/// A pipe with a name that holds one page, and is read when a test wants.
private final class Fifo: Sendable {
    private static let setPipeSize: Int32 = 1_031

    let path: String
    private let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        guard mkfifo(path, 0o600) == 0 else { throw Failure.system("mkfifo") }
        // Both ends, so that neither opening nor reading waits for anybody.
        descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0, fcntl(descriptor, Self.setPipeSize, 4_096) >= 0 else { throw Failure.system("fifo") }
    }

    deinit { close(descriptor) }

    /// What is there; empty if nothing is.
    func readSome() -> String {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }
}
