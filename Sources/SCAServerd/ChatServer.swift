public import Logging
internal import NIOCore
internal import NIOPosix
internal import SCACore
public import ServiceLifecycle

/// A chat server that can be embedded: `scad` is one of these and its options, tests start it in their own process.
///
/// An actor that owns the life of the listener and of the event loops, and nothing of the chat itself: that
/// is the hubs'. As a `Service` it runs until graceful shutdown, then drains: `/health` says so, no session is
/// let in, everyone is told 1001 over `drainWindow`, and it returns.
public actor ChatServer: Service {
    let configuration: ServerConfiguration
    let log: ServerLog
    let observe: @Sendable (ServerPhase) -> Void
    let directory = Directory()
    /// Whether everyone is being told to go.
    public private(set) var isDraining = false
    var tls: ServerTLS?
    private(set) var running: Running?

    struct Running {
        let group: MultiThreadedEventLoopGroup
        let listener: any Channel
        let loops: [LoopReference]
        let gate: AdmissionGate
        let watch: RepeatedTask
        let doorkeeper: Doorkeeper
        let metrics: ServerMetrics
        var metricsListener: MetricsListener?
    }

    /// Makes a server; nothing is opened yet.
    ///
    /// - Parameters:
    ///   - configuration: its limits and address.
    ///   - logger: where it says what it does; never a message's text.
    ///   - observe: is told of each phase of `run` and of each `reload`, in order; it must not block for long.
    public init(
        configuration: ServerConfiguration,
        logger: Logger,
        observe: @escaping @Sendable (ServerPhase) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.observe = observe
        log = ServerLog(logger: logger, showsMobiles: configuration.logsMobiles)
    }

    /// Starts, serves until graceful shutdown or cancellation, drains, stops.
    ///
    /// - Throws: `ServerError` if it could not start.
    public func run() async throws {
        let port = try await start()
        log.logger.info(
            "listening on \(tls == nil ? "ws" : "wss")://\(Self.authority(host, port))",
            metadata: [LogKey.threads: "\(configuration.threads)"]
        )
        warnOfExposure()
        observe(.listening)
        try? await gracefulShutdown()
        isDraining = true
        observe(.draining)
        await drain()
        await stop()
    }

    /// Opens the listener.
    ///
    /// - Returns: the TCP port it listens on.
    /// - Throws: `ServerError` if the configuration is unusable or the address is taken.
    public func start() async throws -> Int {
        if let problem = configuration.problem { throw ServerError(code: .badConfiguration, message: problem) }
        try Self.checkOpenFiles(for: configuration)
        try loadCertificate()
        let doorkeeper = try await Doorkeeper(configuration.auth, log: log)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.threads)
        let (metrics, registry) = makeMetrics()
        let loops = try await makeLoops(group, metrics)
        let gate = AdmissionGate(configuration.admission, log: log)
        let pipeline = ListenerPipeline(
            configuration: configuration,
            loops: loops,
            gate: gate,
            doorkeeper: doorkeeper,
            tls: tls,
            log: log
        )
        let listener: any Channel
        do {
            listener = try await pipeline.bind(on: group)
        } catch {
            try? await group.shutdownGracefully()
            await doorkeeper.login?.stop()
            throw Self.cannotListen(configuration.host, configuration.port, option: "--port", error)
        }
        do {
            let watch = group.next().scheduleRepeatedTask(initialDelay: .zero, delay: .seconds(1)) { _ in
                gate.tick(now: HubTime.now().nanoseconds)
            }
            running = Running(
                group: group,
                listener: listener,
                loops: loops,
                gate: gate,
                watch: watch,
                doorkeeper: doorkeeper,
                metrics: metrics
            )
            let metricsListener = try await openMetrics(registry)
            guard running != nil else {
                // Stopped meanwhile.
                await metricsListener?.close()
                throw CancellationError()
            }
            running?.metricsListener = metricsListener
            return listener.localAddress?.port ?? configuration.port
        } catch {
            await stop()
            throw error
        }
    }

    /// Says goodbye to every session, spread over the drain window; returns when they are gone, or a moment later.
    public func drain() async {
        guard let running else { return }
        isDraining = true
        log.logger.info("draining", metadata: [LogKey.sessions: "\(directory.sessionCount)"])
        let window = configuration.drainWindow.wholeNanoseconds
        await withTaskGroup(of: Void.self) { group in
            for loop in running.loops {
                group.addTask {
                    try? await loop.eventLoop.flatSubmit { loop.bound.value.drain(window: window) }.get()
                }
            }
        }
        // Told to go; now wait until their channels are closed, which a session's linger time bounds.
        for loop in running.loops {
            while let open = try? await loop.eventLoop.submit({ loop.bound.value.openChannels }).get(), open > 0 {
                do { try await Task.sleep(for: .milliseconds(10)) } catch { return }
            }
        }
        log.logger.info("drained")
    }

    /// Closes everything at once.
    public func stop() async {
        guard let running else { return }
        self.running = nil
        await running.metricsListener?.close()
        try? await running.listener.close()
        running.watch.cancel()
        running.gate.finish()
        for loop in running.loops { try? await loop.eventLoop.submit { loop.bound.value.stop() }.get() }
        try? await running.group.shutdownGracefully()
        await running.doorkeeper.login?.stop()
    }

    /// How many sessions there are. O(1).
    public nonisolated var sessionCount: Int { directory.sessionCount }

    /// Waits until every event loop has answered; one that is stuck is waited for until it goes on.
    ///
    /// - Returns: whether all did; false if the server does not run.
    public func answers() async -> Bool {
        guard let running else { return false }
        for loop in running.loops {
            do { try await loop.eventLoop.submit {}.get() } catch { return false }
        }
        return true
    }

    private func makeLoops(
        _ group: MultiThreadedEventLoopGroup,
        _ metrics: ServerMetrics
    ) async throws -> [LoopReference] {
        let eventLoops = Array(group.makeIterator())
        let hub = configuration.hub(epoch: String(WallClock.unixMilliseconds(), radix: 36))
        let (log, directory, isMeasured) = (log, directory, isMeasured)
        let compression = configuration.compressionWindowBits.map { DeflatePolicy(windowBits: $0) }
        var loops: [LoopReference] = []
        for (index, eventLoop) in eventLoops.enumerated() {
            let reference = try await eventLoop.submit {
                let mailbox = Mailbox()
                let loop = HubLoop(
                    index: index,
                    of: eventLoops.count,
                    eventLoop: eventLoop,
                    directory: directory,
                    configuration: hub,
                    mailbox: mailbox,
                    log: log,
                    compression: compression
                )
                if isMeasured { loop.measure(with: metrics.delay(of: index)) }
                return LoopReference(
                    eventLoop: eventLoop,
                    mailbox: mailbox,
                    bound: NIOLoopBound(loop, eventLoop: eventLoop)
                )
            }.get()
            loops.append(reference)
        }
        let all = loops
        for loop in all { try await loop.eventLoop.submit { loop.bound.value.meet(all) }.get() }
        return all
    }
}
