internal import ArgumentParser
internal import SCAServerd

/// Who may connect, how fast, and up to how much memory; reasons are in `AdmissionLimits`.
struct AdmissionOptions: ParsableArguments {
    @Option(.number, help: "Connections in all; 0: as many as files can be open. (default: 0)")
    var maxConnections: Int?

    @Option(.number, help: "Connections of one address, an IPv6 /64 counting as one; 0: no limit. (default: 1024)")
    var maxConnectionsPerAddress: Int?

    @Option(.number, help: "New connections a second in all, twice that in a burst; 0: no limit. (default: 5000)")
    var connectRate: Int?

    @Option(
        .number,
        help: "New connections a second of one address, twice that in a burst; 0: no limit. (default: 100)"
    )
    var connectRatePerAddress: Int?

    @Flag(help: "Limit loopback addresses by address too, which otherwise only count in all.")
    var limitLoopback = false

    @Option(
        .number,
        help: "Files that connections leave free, at most a quarter of those that can be open. (default: 64)"
    )
    var fileReserve: Int?

    @Option(
        .memory,
        help:
            "Let no new session in above so much memory: bytes, or a share of the machine or its control group; 0: no limit. (default: 80%)"
    )
    var memoryLimit: MemoryLimit?

    func apply(to configuration: inout ServerConfiguration, _ environment: EnvironmentReader) {
        func set<Value>(_ path: WritableKeyPath<AdmissionLimits, Value>, _ given: Value?) {
            if let given { configuration.admission[keyPath: path] = given }
        }
        set(\.connections, maxConnections ?? environment.value("max-connections", .number))
        set(
            \.connectionsPerAddress,
            maxConnectionsPerAddress ?? environment.value("max-connections-per-address", .number)
        )
        set(\.connectRate, connectRate ?? environment.value("connect-rate", .number))
        set(\.connectRatePerAddress, connectRatePerAddress ?? environment.value("connect-rate-per-address", .number))
        set(\.countsLoopback, limitLoopback ? true : environment.flag("limit-loopback"))
        set(\.fileReserve, fileReserve ?? environment.value("file-reserve", .number))
        set(\.memory, memoryLimit ?? environment.value("memory-limit", .memory))
    }
}
