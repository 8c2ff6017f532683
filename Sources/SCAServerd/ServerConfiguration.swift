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
        let (text, frame) = (limits.textBytes, limits.frameBytes)
        let positive: [(String, Bool)] = [
            ("--port must be 0 to 65535; found \(port)", (0...65_535).contains(port)),
            ("the port of --metrics must be 0 to 65535", (0...65_535).contains(metrics?.port ?? 0)),
            (
                "--threads must be 1 to \(Directory.maximumLoops); found \(threads)",
                (1...Directory.maximumLoops).contains(threads)
            ),
            ("--ping-timeout must be at least 1s; found \(pingTimeout.shortText)", pingTimeout >= .seconds(1)),
            (
                "--cleanup-interval must be at least 100ms; found \(cleanupInterval.shortText)",
                cleanupInterval >= .milliseconds(100)
            ),
            ("--max-text must be 1 byte to 16 MiB; found \(text) bytes", (1...16 << 20).contains(text)),
            (
                "--max-frame must be above --max-text (\(text) bytes) and at most 64 MiB; found \(frame) bytes",
                frame > text && frame <= 64 << 20
            ),
            ("--max-watched must be at least 1; found \(limits.watchedMobiles)", limits.watchedMobiles >= 1),
            ("--max-head must be 256 bytes to 1 MiB; found \(headBytes) bytes", (256...1 << 20).contains(headBytes)),
            (
                "--handshake-timeout must be at least 100ms; found \(handshakeTimeout.shortText)",
                handshakeTimeout >= .milliseconds(100)
            ),
            (
                "--max-outbox must hold at least one frame (\(frame) bytes, by --max-text or --max-frame); "
                    + "found \(outboxBytes) bytes",
                outboxBytes >= frame
            ),
            (
                "--stall-timeout must be at least 100ms; found \(stallTimeout.shortText)",
                stallTimeout >= .milliseconds(100)
            ),
            ("--frame-rate must not be negative; found \(framesPerSecond)", framesPerSecond >= 0),
            ("--byte-rate must not be negative; found \(bytesPerSecond)", bytesPerSecond >= 0),
            ("--presence-rate must not be negative; found \(presenceBytesPerSecond)", presenceBytesPerSecond >= 0),
            ("--max-sessions must not be negative; found \(sessions)", sessions >= 0),
            ("--max-sessions-per-mobile must be at least 1; found \(sessionsPerMobile)", sessionsPerMobile >= 1),
            (
                "--compression-window-bits must be 9 to 15 (512 bytes to 32 KiB)"
                    + (compressionWindowBits.map { "; found \($0)" } ?? ""),
                compressionWindowBits.map { (9...15).contains($0) } ?? true
            ),
            (
                "--drain-window must be 0s to 60s; found \(drainWindow.shortText)",
                drainWindow >= .zero && drainWindow <= .seconds(60)
            ),
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
