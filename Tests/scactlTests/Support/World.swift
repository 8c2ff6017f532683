import FoundationEssentials
import SCACore
import Synchronization
import Testing

@testable import scactl

/// Everything a command touches, replaced: streams are arrays, the server is a script, time stands still.
struct World: Sendable {
    /// What a run left behind.
    struct Outcome: Sendable {
        var status: scactl.ExitStatus
        var rows: [String]
        var errors: [String]
    }

    static let me = Mobile(trusted: "9876543210")
    static let peer = Mobile(trusted: "9812345678")
    static let other = Mobile(trusted: "9000000001")
    /// 2026-11-22 14:03:22.974 UTC.
    static let now: Int64 = 1_795_356_202_974

    var folder: String { temporary.path }
    let stop = StopSignal()
    let output = CollectingSink()
    let errors = CollectingSink()
    let network: ScriptedNetwork
    var environment: [String: String]
    var input: any ByteSource = BlockSource([])
    var terminals = Terminals()
    var columns: Int?
    /// What waiting means: for ever, unless a test lets time run out at once.
    var sleep: @Sendable (Duration) async throws -> Void = { _ in try await World.untilCancelled() }
    private let counter = Counter()
    private let temporary = TemporaryFolder()

    init(_ network: ScriptedNetwork = ScriptedNetwork()) {
        self.network = network
        let folder = temporary.path
        environment = [
            "XDG_CONFIG_HOME": "\(folder)/config",
            "XDG_DATA_HOME": "\(folder)/data",
            "XDG_STATE_HOME": "\(folder)/state",
            "SCACTL_MOBILE": World.me.description,
        ]
    }

    /// Waits for no clock: only until the task is cancelled.
    static func untilCancelled() async throws {
        let (never, end) = AsyncStream.makeStream(of: Never.self)
        for await _ in never {}
        withExtendedLifetime(end) {}
        throw CancellationError()
    }

    var context: CommandContext {
        CommandContext(
            environment: environment,
            inherited: RawEnvironment(environment),
            input: input,
            output: output,
            errors: errors,
            terminals: terminals,
            columns: { [columns] in columns },
            time: TimeSource(now: { World.now }, uptime: { .zero }, sleep: sleep, zone: .fixed(0)),
            network: network,
            makeMessageID: { [counter] in MessageID(trusted: "m\(counter.next())") },
            stop: stop,
            signals: SignalTap()
        )
    }

    /// The one connection that was made.
    var connection: ScriptedConnection { get throws { try #require(network.made.first) } }

    var historyPath: String { "\(folder)/data/sca/\(World.me)/history.jsonl" }
    var configPath: String { "\(folder)/config/sca/config.json" }

    /// Runs one command line.
    func run(_ arguments: String...) async -> Outcome {
        let status = await Scactl.run(arguments, in: context)
        return Outcome(status: status, rows: output.lines, errors: errors.lines)
    }

    /// What the history has, line by line.
    var history: [String] {
        guard let data = FileManager.default.contents(atPath: historyPath) else { return [] }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    func store(_ rows: HistoryRow...) throws {
        _ = try HistoryFile(path: historyPath).append(rows)
    }
}

/// A folder of its own for each world, gone with the last copy of it.
final class TemporaryFolder: Sendable {
    let path = FileManager.default.temporaryDirectory.path + "/scactl-\(UInt64.random(in: 0 ... .max))"

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

extension Mobile {
    /// A mobile that the test knows to be one.
    init(trusted text: String) {
        guard let mobile = Mobile(text) else { preconditionFailure("\(text) is not a mobile") }
        self = mobile
    }
}

extension MessageID {
    /// An id that the test knows to be one.
    init(trusted text: String) {
        guard let id = MessageID(text) else { preconditionFailure("\(text) is not an id") }
        self = id
    }
}

extension HistoryRow {
    /// A row that came in from the peer, unless said otherwise.
    static func example(
        _ id: String,
        text: String = "hi",
        ts: Int64 = World.now,
        direction: Direction = .in,
        peer: Mobile = World.peer,
        status: DeliveryStatus? = nil
    ) -> HistoryRow {
        HistoryRow(
            id: MessageID(trusted: id),
            ts: ts,
            direction: direction,
            from: direction == .in ? peer : World.me,
            to: direction == .in ? World.me : peer,
            text: text,
            status: status
        )
    }
}
