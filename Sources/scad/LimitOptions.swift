internal import ArgumentParser
internal import SCACore
internal import SCAServerd

/// Every limit, as options; units and defaults are in `ServerConfiguration`.
struct LimitOptions: ParsableArguments {
    @Option(.duration, help: "Close a session that is silent for so long. (default: 60s)")
    var pingTimeout: Duration?

    @Option(.duration, help: "Look for silent sessions so often. (default: 30s)")
    var cleanupInterval: Duration?

    @Option(.size, help: "Longest message text, in bytes. (default: 64K)")
    var maxText: Int?

    @Option(
        .size,
        help: "Longest WebSocket message, in bytes; over it the session is closed. (default: twice the text and 1K)"
    )
    var maxFrame: Int?

    @Option(.number, help: "Most mobiles that one session watches. (default: 1000)")
    var maxWatched: Int?

    @Option(.size, help: "Longest HTTP request head, in bytes. (default: 8K)")
    var maxHead: Int?

    @Option(.duration, help: "Time to finish the handshake. (default: 10s)")
    var handshakeTimeout: Duration?

    @Option(.size, help: "Bytes that wait for one session before messages to it are refused as busy. (default: 1M)")
    var maxOutbox: Int?

    @Option(.duration, help: "Close a session whose outbox stays full for so long. (default: 10s)")
    var stallTimeout: Duration?

    @Option(.number, help: "Frames a second read from one session; 0: no limit. (default: 250000)")
    var frameRate: Int?

    @Option(.size, help: "Bytes a second read from one session; 0: no limit. (default: 64M)")
    var byteRate: Int?

    @Option(.size, help: "Bytes a second that presence may send in all; 0: no limit. (default: 256M)")
    var presenceRate: Int?

    @Option(.number, help: "Sessions of one mobile. (default: 64)")
    var maxSessionsPerMobile: Int?

    @Option(.number, help: "Sessions in all; 0: as many as files can be open. (default: 0)")
    var maxSessions: Int?

    @Option(.duration, help: "Spread the goodbyes of a drain over so long. (default: 2s)")
    var drainWindow: Duration?

    func apply(to configuration: inout ServerConfiguration, _ environment: EnvironmentReader) {
        func set<Value>(_ path: WritableKeyPath<ServerConfiguration, Value>, _ given: Value?) {
            if let given { configuration[keyPath: path] = given }
        }
        set(\.pingTimeout, pingTimeout ?? environment.value("ping-timeout", .duration))
        set(\.cleanupInterval, cleanupInterval ?? environment.value("cleanup-interval", .duration))
        if let bytes = maxText ?? environment.value("max-text", .size) {
            configuration.limits = WireLimits(textBytes: bytes)
        }
        set(\.limits.frameBytes, maxFrame ?? environment.value("max-frame", .size))
        set(\.limits.watchedMobiles, maxWatched ?? environment.value("max-watched", .number))
        set(\.headBytes, maxHead ?? environment.value("max-head", .size))
        set(\.handshakeTimeout, handshakeTimeout ?? environment.value("handshake-timeout", .duration))
        set(\.outboxBytes, maxOutbox ?? environment.value("max-outbox", .size))
        set(\.stallTimeout, stallTimeout ?? environment.value("stall-timeout", .duration))
        set(\.framesPerSecond, frameRate ?? environment.value("frame-rate", .number))
        set(\.bytesPerSecond, byteRate ?? environment.value("byte-rate", .size))
        set(\.presenceBytesPerSecond, presenceRate ?? environment.value("presence-rate", .size))
        set(\.sessionsPerMobile, maxSessionsPerMobile ?? environment.value("max-sessions-per-mobile", .number))
        set(\.sessions, maxSessions ?? environment.value("max-sessions", .number))
        set(\.drainWindow, drainWindow ?? environment.value("drain-window", .duration))
    }
}
