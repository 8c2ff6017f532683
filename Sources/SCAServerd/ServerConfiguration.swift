public import SCACore

/// Every limit and choice of a server, with its unit, its default and why it is there.
public struct ServerConfiguration: Sendable {
    /// The address to listen on; loopback, so that nobody is served by accident.
    public var host = "127.0.0.1"
    /// The TCP port; 0 lets the system choose one.
    public var port = 8080
    /// A listening TCP socket that was opened by somebody else, as its descriptor, in place of `host` and `port`; the server closes it.
    public var listener: Int32?
    /// The certificate to serve TLS with; nil: in the clear.
    public var tls: TLSFiles?
    /// The proxies whose word about a client's address is taken; nobody's, since anybody can write a header.
    public var trustedProxies = TrustedProxies.none
    /// Where `GET /metrics` is answered; nil: nowhere.
    public var metrics: MetricsAddress?
    /// Event loops, 1 to 64. One routes over 100,000 messages a second; more help with many busy sessions.
    public var threads = 1
    /// A session silent for so long is closed with 4000. Clients are expected to ping at half of it or sooner.
    public var pingTimeout = Duration.seconds(60)
    /// How often silent sessions are looked for, so a session lives at most the sum of both.
    public var cleanupInterval = Duration.seconds(30)
    /// Sizes of texts, frames and watch lists.
    public var limits = WireLimits()
    /// The longest HTTP request head, in bytes: an upgrade needs a few hundred.
    public var headBytes = 8_192
    /// How long a connection may take to finish its handshake.
    public var handshakeTimeout = Duration.seconds(10)
    /// What a session's outbox may hold, in bytes; a message that does not fit is refused as `recipient_busy`.
    public var outboxBytes = 1 << 20
    /// How long an outbox may stay full before its session is closed with 1013.
    public var stallTimeout = Duration.seconds(10)
    /// Frames a second that are read from one session; 0 for no limit. Faster ones are read later, not dropped.
    public var framesPerSecond = 250_000
    /// Bytes a second that are read from one session; 0 for no limit.
    public var bytesPerSecond = 64 << 20
    /// Bytes a second that presence may send to all sessions together; 0 for no limit. What would need more is folded.
    public var presenceBytesPerSecond = 256 << 20
    /// Sessions that one mobile may have at once.
    public var sessionsPerMobile = 64
    /// Sessions in all; 0 for no limit but that of open files.
    public var sessions = 0
    /// Connections, their rate, files and memory.
    public var admission = AdmissionLimits()
    /// Over how long the goodbyes of a drain are spread.
    public var drainWindow = Duration.seconds(2)
    /// Who is let in.
    public var auth = AuthConfiguration()
    /// The largest window of compressed messages (RFC 7692) in either direction, as a power of two, 9 to 15; nil for no compression.
    public var compressionWindowBits: Int?
    /// Whether logs show whole mobiles; otherwise `98******10`.
    public var logsMobiles = false

    /// All defaults.
    public init() {}
}

extension ServerConfiguration {
    /// Says what is wrong with the settings; nil if they can be served with.
    public var problem: String? {
        let positive: [(String, Bool)] = [
            ("port must be 0 to 65535", (0...65_535).contains(port)),
            ("the port of metrics must be 0 to 65535", (0...65_535).contains(metrics?.port ?? 0)),
            ("threads must be 1 to \(Directory.maximumLoops)", (1...Directory.maximumLoops).contains(threads)),
            ("the ping timeout must be at least 1s", pingTimeout >= .seconds(1)),
            ("the cleanup interval must be at least 100ms", cleanupInterval >= .milliseconds(100)),
            ("the text limit must be 1 byte to 16 MiB", (1...16 << 20).contains(limits.textBytes)),
            (
                "the frame limit must be above the text limit and at most 64 MiB",
                limits.frameBytes > limits.textBytes && limits.frameBytes <= 64 << 20
            ),
            ("the watch limit must be at least 1", limits.watchedMobiles >= 1),
            ("the head limit must be 256 bytes to 1 MiB", (256...1 << 20).contains(headBytes)),
            ("the handshake timeout must be at least 100ms", handshakeTimeout >= .milliseconds(100)),
            (
                "the outbox must hold at least one frame (\(limits.frameBytes) bytes)",
                outboxBytes >= limits.frameBytes
            ),
            ("the stall timeout must be at least 100ms", stallTimeout >= .milliseconds(100)),
            (
                "rates must not be negative",
                framesPerSecond >= 0 && bytesPerSecond >= 0 && presenceBytesPerSecond >= 0 && sessions >= 0
            ),
            ("a mobile must be allowed at least 1 session", sessionsPerMobile >= 1),
            (
                "the compression window must be 9 to 15 bits (512 bytes to 32 KiB)",
                compressionWindowBits.map { (9...15).contains($0) } ?? true
            ),
            ("the drain window must be 0s to 60s", drainWindow >= .zero && drainWindow <= .seconds(60)),
        ]
        return positive.first { !$0.1 }?.0 ?? admission.problem ?? auth.problem
    }

    func hub(epoch: String) -> HubConfiguration {
        HubConfiguration(
            epoch: epoch,
            limits: limits,
            pingTimeout: pingTimeout.wholeNanoseconds,
            cleanupInterval: cleanupInterval.wholeNanoseconds,
            outboxBytes: outboxBytes,
            stallTimeout: stallTimeout.wholeNanoseconds,
            rates: RateLimiter.Rates(framesPerSecond: framesPerSecond, bytesPerSecond: bytesPerSecond),
            presenceBytesPerSecond: presenceBytesPerSecond,
            sessionsPerMobile: sessionsPerMobile,
            sessions: sessions
        )
    }
}

/// The version that `hello` and `--version` give.
public enum ServerVersion {
    /// Semantic version of this build.
    public static let current = "1.0.0"
}
