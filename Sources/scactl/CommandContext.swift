internal import FoundationEssentials
internal import Glibc
internal import SCACore

/// The world as a command sees it: standard streams, environment, clock, randomness, network. All that tests replace,
/// and the only way to any of it.
struct CommandContext: Sendable {
    var environment: [String: String]
    /// The same for the programs that are started.
    var inherited: RawEnvironment
    var input: any ByteSource
    var output: any LineSink
    var errors: any LineSink
    var terminals: Terminals
    /// How wide the terminal is now, in columns; nil if there is none, or it does not say.
    var columns: @Sendable () -> Int?
    var time: TimeSource
    var network: any ServerAccess
    var makeMessageID: @Sendable () -> MessageID
    /// Is requested when the process is told to end.
    var stop: StopSignal
    /// Signals that a command may take for itself.
    var signals: SignalTap
}

/// Which of the standard streams are terminals.
struct Terminals: Hashable, Sendable {
    var input = false
    var output = false
    var errors = false
}

/// Clocks, the user's time zone, and waiting.
struct TimeSource: Sendable {
    /// The wall clock, in milliseconds since 1970 UTC.
    var now: @Sendable () -> Int64
    /// A clock that only goes forward, from any start.
    var uptime: @Sendable () -> Duration
    /// Returns after that long; throws if the task is cancelled before.
    var sleep: @Sendable (Duration) async throws -> Void
    var zone: LocalZone

    static let system: TimeSource = {
        let start = ContinuousClock.now
        return TimeSource(
            now: { unixMilliseconds() },
            uptime: { ContinuousClock.now - start },
            sleep: { try await Task.sleep(for: $0) },
            zone: .system
        )
    }()

    private static func unixMilliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

extension CommandContext {
    /// The process's own.
    static func process(stop: StopSignal, signals: SignalTap) -> CommandContext {
        let time = TimeSource.system
        return CommandContext(
            environment: ProcessInfo.processInfo.environment,
            inherited: .process,
            input: DescriptorReader(descriptor: STDIN_FILENO, name: "stdin"),
            output: DescriptorWriter(descriptor: STDOUT_FILENO, name: "stdout"),
            errors: DescriptorWriter(descriptor: STDERR_FILENO, name: "stderr"),
            terminals: Terminals(
                input: isatty(STDIN_FILENO) == 1,
                output: isatty(STDOUT_FILENO) == 1,
                errors: isatty(STDERR_FILENO) == 1
            ),
            columns: { TerminalWidth.columns },
            time: time,
            network: NetworkAccess(),
            makeMessageID: {
                var generator = SystemRandomNumberGenerator()
                return MessageID(unixMilliseconds: time.now(), using: &generator)
            },
            stop: stop,
            signals: signals
        )
    }
}
