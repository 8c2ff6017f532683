internal import ArgumentParser
internal import SCAServerd

/// Who may connect, how fast, and up to how much memory; reasons are in `AdmissionLimits`.
struct AdmissionOptions: ParsableArguments {
    @Option(help: "Connections in all; 0: as many as files can be open. (default: 0)")
    var maxConnections: Int?

    @Option(help: "Connections of one address, an IPv6 /64 counting as one; 0: no limit. (default: 1024)")
    var maxConnectionsPerAddress: Int?

    @Option(help: "New connections a second in all, twice that in a burst; 0: no limit. (default: 5000)")
    var connectRate: Int?

    @Option(help: "New connections a second of one address, twice that in a burst; 0: no limit. (default: 100)")
    var connectRatePerAddress: Int?

    @Flag(help: "Limit loopback addresses by address too, which otherwise only count in all.")
    var limitLoopback = false

    @Option(help: "Files that connections leave free, at most a quarter of those that can be open. (default: 64)")
    var fileReserve: Int?

    @Option(
        help: ArgumentHelp(
            "Let no new session in above so much memory: bytes, or a share of the machine or its control group; 0: no limit. (default: 80%)",
            valueName: "size or %"
        )
    )
    var memoryLimit: MemoryArgument?

    func apply(to configuration: inout ServerConfiguration, _ environment: EnvironmentReader) {
        func set<Value>(_ path: WritableKeyPath<AdmissionLimits, Value>, _ given: Value?) {
            if let given { configuration.admission[keyPath: path] = given }
        }
        set(\.connections, maxConnections ?? environment.number("max-connections"))
        set(
            \.connectionsPerAddress,
            maxConnectionsPerAddress ?? environment.number("max-connections-per-address")
        )
        set(\.connectRate, connectRate ?? environment.number("connect-rate"))
        set(\.connectRatePerAddress, connectRatePerAddress ?? environment.number("connect-rate-per-address"))
        set(\.countsLoopback, limitLoopback ? true : environment.flag("limit-loopback"))
        set(\.fileReserve, fileReserve ?? environment.number("file-reserve"))
        set(\.memory, memoryLimit?.limit ?? environment.memory("memory-limit"))
    }
}

/// A memory limit on the command line: `80%`, `2G`, `0`.
struct MemoryArgument: ExpressibleByArgument {
    let limit: MemoryLimit

    init?(argument: String) {
        guard let limit = MemoryLimit(parsing: argument, size: { SizeArgument(argument: $0)?.bytes }) else {
            return nil
        }
        self.limit = limit
    }

    static let allValueStrings: [String] = []
}
