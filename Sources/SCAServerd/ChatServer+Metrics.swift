internal import CoreMetrics
internal import NIOCore

/// What the server tells of itself in numbers: gathered from its loops whenever somebody asks.
extension ChatServer {
    /// Tells the backend of swift-metrics how things stand: one that was bootstrapped (`MetricsSystem.bootstrap`) before `start`.
    ///
    /// Who reads `GET /metrics` causes it by itself. With a backend that sends by itself call this before it does. Waits for every event
    /// loop; does nothing if the server does not run.
    public func updateMetrics() async {
        guard let running, let readings = await readings() else { return }
        await running.metrics.update(readings)
    }

    /// The port that metrics are served at; nil if they are not.
    public var metricsPort: Int? { running?.metricsListener?.channel.localAddress?.port }

    /// What the server's instruments write to, and the registry behind `GET /metrics` if that is wanted.
    func makeMetrics() -> (ServerMetrics, PrometheusRegistry?) {
        let bootstrapped = MetricsSystem.factory
        guard configuration.metrics != nil else { return (ServerMetrics(bootstrapped), nil) }
        let registry = PrometheusRegistry { Metric(rawValue: $0)?.help }
        let isAlone = bootstrapped is NOOPMetricsHandler
        return (
            ServerMetrics(isAlone ? registry : MultiplexMetricsHandler(factories: [registry, bootstrapped])), registry
        )
    }

    /// Whether anybody would see what is measured.
    var isMeasured: Bool { configuration.metrics != nil || !(MetricsSystem.factory is NOOPMetricsHandler) }

    /// Opens the listener for metrics, if that is wanted.
    ///
    /// - Throws: `ServerError` if its address is taken.
    func openMetrics(_ registry: PrometheusRegistry?) async throws(ServerError) -> MetricsListener? {
        guard let address = configuration.metrics, let registry else { return nil }
        do {
            let timeout = configuration.handshakeTimeout
            let listener = try await MetricsListener(address, timeout: timeout, log: log) { [weak self] in
                guard let self, await self.isRunning else { return nil }
                await updateMetrics()
                return registry.text
            }
            let port = listener.channel.localAddress?.port ?? address.port
            log.logger.info("metrics at http://\(Self.authority(address.host, port))/metrics")
            return listener
        } catch {
            throw Self.cannotListen(address.host, address.port, option: "--metrics", error)
        }
    }

    var isRunning: Bool { running != nil }

    private func readings() async -> ServerReadings? {
        guard let running else { return nil }
        var readings = ServerReadings()
        for loop in running.loops {
            guard let of = try? await loop.eventLoop.submit({ loop.bound.value.readings }).get() else { return nil }
            readings.loops += of
        }
        readings.gate = running.gate.readings
        readings.login = await running.doorkeeper.login?.readings ?? LoginReadings()
        readings.sessions = directory.sessionCount
        readings.mobiles = directory.mobileCount
        readings.isDraining = isDraining
        readings.certificateExpiry = tls?.validity.end ?? 0
        readings.process = await Self.processReadings()
        return readings
    }

    /// Off the actor, as it takes its time where many files are open.
    private nonisolated static func processReadings() async -> ProcessReadings { .now() }
}
