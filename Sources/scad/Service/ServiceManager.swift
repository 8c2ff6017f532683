internal import Glibc
internal import SCACore
internal import SCAServerd

/// What a service manager, such as systemd, asks for in the environment, and what it is told; without one, nothing.
///
/// These are a few lines of our own: the protocol is a datagram (sd_notify(3)) and some variables (sd_listen_fds(3),
/// sd_watchdog_enabled(3)), and libsystemd would be one more library in a static program.
struct ServiceManager: Sendable {
    /// The first descriptor that a manager hands over (sd_listen_fds(3)).
    private static let firstDescriptor: Int32 = 3
    /// How often the status is renewed if no sign of life is asked for.
    private static let statusInterval = Duration.seconds(10)

    /// Where it hears of us; nil if it does not listen.
    private let socket: NotifySocket?
    /// How long it waits for a sign of life before it ends the service; nil if it waits for none.
    private let patience: Duration?
    /// A socket that it has opened for us, which listens or will; nil if it has opened none.
    let listener: Int32?

    /// Takes what concerns this process out of the environment, so that no child believes itself meant. To be called before there
    /// are other threads.
    ///
    /// - Throws: `ServerError` (`cannotListen`) if a socket was handed over that cannot be served on.
    init() throws(ServerError) {
        socket = Self.take("NOTIFY_SOCKET").flatMap { NotifySocket($0) }
        let watched = Self.take("WATCHDOG_PID")
        let microseconds = Self.take("WATCHDOG_USEC").flatMap { Int64($0) } ?? 0
        patience = microseconds > 0 && Self.isUs(watched ?? "\(getpid())") ? .microseconds(microseconds) : nil
        let meant = Self.take("LISTEN_PID").map { Self.isUs($0) } ?? false
        let count = Self.take("LISTEN_FDS").flatMap { Int($0) } ?? 0
        _ = Self.take("LISTEN_FDNAMES")
        listener = meant && count > 0 ? try Self.inherited(count) : nil
    }

    /// Whether anybody wants to hear of us.
    var isListening: Bool { socket != nil }

    /// Tells of a phase of the server's life.
    ///
    /// With `RELOADING=1` goes the time (`MONOTONIC_USEC`), so `Type=notify-reload` knows that it is not the answer to an earlier HUP.
    func tell(_ phase: ServerPhase) {
        switch phase {
        case .listening: socket?.send("READY=1", "STATUS=serving")
        case .reloading: socket?.send("RELOADING=1", "MONOTONIC_USEC=\(Self.monotonicMicroseconds())")
        case .draining: socket?.send("STOPPING=1", "STATUS=draining")
        }
    }

    /// Gives a sign of life at half of the manager's patience, each only when all event loops have answered; so a loop
    /// that is stuck is noticed. The status goes with it.
    func keepTelling(of server: ChatServer) async throws {
        guard let socket else { return }
        while true {
            try await Task.sleep(for: patience.map { $0 / 2 } ?? Self.statusInterval)
            guard await server.answers() else { continue }
            if patience != nil { socket.send("WATCHDOG=1") }
            let doing = await server.isDraining ? "draining" : "serving"
            socket.send("STATUS=\(doing), \(server.sessionCount) sessions")
        }
    }

    private static func take(_ name: String) -> String? {
        defer { unsetenv(name) }
        return getenv(name).map { String(cString: $0) }
    }

    private static func isUs(_ pid: String) -> Bool { pid_t(pid) == getpid() }

    private static func monotonicMicroseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
    }

    private static func inherited(_ count: Int) throws(ServerError) -> Int32 {
        guard count == 1 else {
            throw ServerError(
                code: .cannotListen,
                message: "the service manager handed over \(count) sockets (LISTEN_FDS) where one is expected",
                hint: "one ListenStream= in scad.socket"
            )
        }
        let descriptor = firstDescriptor
        guard isListeningTCP(descriptor) else {
            throw ServerError(
                code: .cannotListen,
                message: "what the service manager handed over (LISTEN_FDS) is no listening TCP socket",
                hint: "ListenStream= in scad.socket, with a port, or an address and a port"
            )
        }
        // No child should have it.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    private static func isListeningTCP(_ descriptor: Int32) -> Bool {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let named = withUnsafeMutableBytes(of: &address) { bytes in
            getsockname(descriptor, bytes.bindMemory(to: sockaddr.self).baseAddress, &size)
        }
        var isListening: Int32 = 0
        size = socklen_t(MemoryLayout<Int32>.size)
        let asked = getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size)
        let isTCP = [AF_INET, AF_INET6].contains(Int32(address.ss_family))
        return named == 0 && asked == 0 && isListening != 0 && isTCP
    }
}
