internal import ArgumentParser
internal import SCAServerd

/// Where the server listens and on how many loops.
struct ListeningOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Address to listen on. (default: 127.0.0.1)"))
    var host: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("TCP port; 0 lets the system choose. (default: PORT, else 8080)"))
    var port: Int?

    @Option(help: ArgumentHelp("Event loops, 1 to 64. (default: 1)"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Serve GET /metrics for Prometheus at this port of 127.0.0.1, or at HOST:PORT; 0: the system chooses one. (default: not served)",
            valueName: "[host:]port"
        )
    )
    var metrics: MetricsArgument?

    func apply(to configuration: inout ServerConfiguration, _ environment: EnvironmentReader) {
        configuration.host = host ?? environment.text("host") ?? configuration.host
        configuration.port = port ?? environment.number("port") ?? environment.port ?? configuration.port
        configuration.metrics = metrics?.address ?? environment.metrics("metrics")
        configuration.threads = threads ?? environment.number("threads") ?? configuration.threads
    }
}

/// Where metrics are served, on the command line: `9464`, `0.0.0.0:9464`, `[::1]:9464`.
struct MetricsArgument: ExpressibleByArgument {
    let address: MetricsAddress

    init?(argument: String) {
        guard let address = MetricsAddress(parsing: argument) else { return nil }
        self.address = address
    }

    static let allValueStrings: [String] = []
}
