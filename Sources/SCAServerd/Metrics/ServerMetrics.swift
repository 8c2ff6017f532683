internal import CoreMetrics
internal import SCACore

/// The server's instruments in swift-metrics. An actor.
///
/// What happens on event loops is counted there in plain numbers (`HubCounters` and the like) and not in instruments: a backend
/// may lock or allocate for each increment, and a message costs two microseconds in all. When somebody asks, the readings of all
/// are gathered, and each instrument is told what has been added since, or what is true now. So any backend gets everything, and the hot
/// path knows nothing of it. Only the delay of the loops is recorded where it is measured (`LoopDelay`).
actor ServerMetrics {
    private struct Series: Hashable {
        let metric: Metric
        let value: String?
    }

    private nonisolated let factory: any MetricsFactory
    private var counters: [Series: (counter: Counter, told: Int)] = [:]
    private var meters: [Series: Meter] = [:]
    private let processor: FloatingPointCounter
    private var processorSeconds = 0.0

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        processor = FloatingPointCounter(label: Metric.processCPU.rawValue, factory: factory)
    }

    /// What records the delay of a loop, by its index.
    nonisolated func delay(of loop: Int) -> CoreMetrics.Timer {
        Timer(
            label: Metric.loopDelay.rawValue,
            dimensions: Self.dimensions(Series(metric: .loopDelay, value: "\(loop)")),
            factory: factory
        )
    }

    /// Tells every instrument.
    func update(_ readings: ServerReadings) {
        set(.buildInfo, of: ServerVersion.current, to: 1)
        set(.sessions, to: readings.sessions)
        set(.mobiles, to: readings.mobiles)
        set(.draining, to: readings.isDraining ? 1 : 0)
        set(.certificateExpiry, to: readings.certificateExpiry)
        update(readings.loops.hub)
        count(.protocolErrors, readings.loops.traffic.protocolErrors)
        count(.receivedBytes, readings.loops.traffic.received)
        count(.sentBytes, readings.loops.traffic.sent)
        count(.presenceChanges, readings.loops.presence.changes)
        count(.presenceUpdates, readings.loops.presence.updates)
        count(.presenceFolded, readings.loops.presence.folded)
        update(readings.gate)
        update(readings.loops.auth, readings.login)
        update(readings.process)
    }

    private func update(_ hub: HubCounters) {
        count(.sessionsOpened, hub.opened)
        for end in SessionEnd.allCases { count(.sessionsClosed, of: end.rawValue, hub.closed[end] ?? 0) }
        count(.messagesRouted, hub.routed)
        count(.messagesRefused, of: WireError.Code.recipientOffline.rawValue, hub.offline)
        count(.messagesRefused, of: WireError.Code.recipientBusy.rawValue, hub.busy)
        for code in Self.frameCodes { count(.framesRefused, of: code.rawValue, hub.badFrames[code] ?? 0) }
    }

    /// What a frame can be refused for.
    private static let frameCodes: [WireError.Code] = [.invalidFrame, .unknownType, .invalidMobile, .tooLarge]

    private func update(_ gate: GateReadings) {
        set(.connections, to: gate.open)
        set(.connectionsLimit, to: gate.limit)
        count(.connectionsAccepted, gate.accepted)
        for reason in Refusal.Reason.allCases { count(.refusals, of: reason.rawValue, gate.refused[reason] ?? 0) }
        set(.memoryLimit, to: gate.memoryLimit)
        set(.memoryShort, to: gate.isShortOfMemory ? 1 : 0)
    }

    private func update(_ auth: AuthCounters, _ login: LoginReadings) {
        for reason in TokenRefusal.allCases { count(.authFailures, of: reason.rawValue, auth.tokens[reason] ?? 0) }
        count(.authFailures, of: "foreign_origin", auth.foreignOrigins)
        count(.authFailures, of: "wrong_code", login.wrongCodes)
        count(.authFailures, of: "too_many_logins", login.tooMany)
        count(.codeDeliveries, of: "sent", login.sent)
        count(.codeDeliveries, of: "failed", login.failed)
    }

    private func update(_ process: ProcessReadings) {
        if process.processorSeconds > processorSeconds {
            processor.increment(by: process.processorSeconds - processorSeconds)
            processorSeconds = process.processorSeconds
        }
        set(.processResident, to: process.resident)
        set(.processVirtual, to: process.virtual)
        set(.processStart, to: process.started)
        set(.processOpenFiles, to: process.openFiles)
        set(.processMaximumFiles, to: process.maximumFiles)
    }

    /// Tells a counter what its total is. Two who ask at once may come in the wrong order: the larger total is the newer one.
    private func count(_ metric: Metric, of value: String? = nil, _ total: Int) {
        let series = Series(metric: metric, value: value)
        let known =
            counters[series]
            ?? (Counter(label: metric.rawValue, dimensions: Self.dimensions(series), factory: factory), 0)
        if total > known.told { known.counter.increment(by: total - known.told) }
        counters[series] = (known.counter, max(total, known.told))
    }

    private func set(_ metric: Metric, of value: String? = nil, to level: Int) { meter(metric, value).set(level) }

    private func set(_ metric: Metric, to level: Double) { meter(metric, nil).set(level) }

    private func meter(_ metric: Metric, _ value: String?) -> Meter {
        let series = Series(metric: metric, value: value)
        if let meter = meters[series] { return meter }
        let meter = Meter(label: metric.rawValue, dimensions: Self.dimensions(series), factory: factory)
        meters[series] = meter
        return meter
    }

    private static func dimensions(_ series: Series) -> [(String, String)] {
        guard let name = series.metric.label, let value = series.value else { return [] }
        return [(name, value)]
    }
}
