internal import ArgumentParser
internal import SCACore
internal import SCAServerd

/// Every limit, as options; units and defaults are in `ServerConfiguration`.
struct LimitOptions: ParsableArguments {
    @Option(help: "Close a session that is silent for so long. (default: 60s)")
    var pingTimeout: DurationArgument?

    @Option(help: "Look for silent sessions so often. (default: 30s)")
    var cleanupInterval: DurationArgument?

    @Option(help: "Longest message text, in bytes. (default: 64K)")
    var maxText: SizeArgument?

    @Option(
        help: "Longest WebSocket message, in bytes; over it the session is closed. (default: twice the text and 1K)"
    )
    var maxFrame: SizeArgument?

    @Option(help: "Most mobiles that one session watches. (default: 1000)")
    var maxWatched: Int?

    @Option(help: "Longest HTTP request head, in bytes. (default: 8K)")
    var maxHead: SizeArgument?

    @Option(help: "Time to finish the handshake. (default: 10s)")
    var handshakeTimeout: DurationArgument?

    @Option(help: "Bytes that wait for one session before messages to it are refused as busy. (default: 1M)")
    var maxOutbox: SizeArgument?

    @Option(help: "Close a session whose outbox stays full for so long. (default: 10s)")
    var stallTimeout: DurationArgument?

    @Option(help: "Frames a second read from one session; 0: no limit. (default: 250000)")
    var frameRate: Int?

    @Option(help: "Bytes a second read from one session; 0: no limit. (default: 64M)")
    var byteRate: SizeArgument?

    @Option(help: "Bytes a second that presence may send in all; 0: no limit. (default: 256M)")
    var presenceRate: SizeArgument?

    @Option(help: "Sessions of one mobile. (default: 64)")
    var maxSessionsPerMobile: Int?

    @Option(help: "Sessions in all; 0: as many as files can be open. (default: 0)")
    var maxSessions: Int?

    @Option(help: "Spread the goodbyes of a drain over so long. (default: 2s)")
    var drainWindow: DurationArgument?

    func apply(to configuration: inout ServerConfiguration, _ environment: EnvironmentReader) {
        func set<Value>(_ path: WritableKeyPath<ServerConfiguration, Value>, _ given: Value?) {
            if let given { configuration[keyPath: path] = given }
        }
        set(\.pingTimeout, pingTimeout?.duration ?? environment.duration("ping-timeout"))
        set(\.cleanupInterval, cleanupInterval?.duration ?? environment.duration("cleanup-interval"))
        if let bytes = maxText?.bytes ?? environment.size("max-text") {
            configuration.limits = WireLimits(textBytes: bytes)
        }
        set(\.limits.frameBytes, maxFrame?.bytes ?? environment.size("max-frame"))
        set(\.limits.watchedMobiles, maxWatched ?? environment.number("max-watched"))
        set(\.headBytes, maxHead?.bytes ?? environment.size("max-head"))
        set(\.handshakeTimeout, handshakeTimeout?.duration ?? environment.duration("handshake-timeout"))
        set(\.outboxBytes, maxOutbox?.bytes ?? environment.size("max-outbox"))
        set(\.stallTimeout, stallTimeout?.duration ?? environment.duration("stall-timeout"))
        set(\.framesPerSecond, frameRate ?? environment.number("frame-rate"))
        set(\.bytesPerSecond, byteRate?.bytes ?? environment.size("byte-rate"))
        set(\.presenceBytesPerSecond, presenceRate?.bytes ?? environment.size("presence-rate"))
        set(\.sessionsPerMobile, maxSessionsPerMobile ?? environment.number("max-sessions-per-mobile"))
        set(\.sessions, maxSessions ?? environment.number("max-sessions"))
        set(\.drainWindow, drainWindow?.duration ?? environment.duration("drain-window"))
    }
}

/// A duration on the command line.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        guard let duration = Duration(parsing: argument) else { return nil }
        self.duration = duration
    }

    static let allValueStrings: [String] = []
    var defaultValueDescription: String { duration.shortText }
}

/// A size in bytes on the command line: `65536`, `64K`, `1M`.
struct SizeArgument: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        let (digits, shift): (Substring, Int) =
            switch argument.last {
            case "k", "K": (argument.dropLast(), 10)
            case "m", "M": (argument.dropLast(), 20)
            case "g", "G": (argument.dropLast(), 30)
            default: (argument[...], 0)
            }
        guard let number = Int(digits), number >= 0, number <= Int.max >> shift else { return nil }
        bytes = number << shift
    }

    static let allValueStrings: [String] = []
}
