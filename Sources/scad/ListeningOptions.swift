internal import ArgumentParser
internal import SCAServerd

/// Where the server listens and on how many loops.
struct ListeningOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Address to listen on. (default: 127.0.0.1)"))
    var host: String?

    @Option(.port, name: .shortAndLong, help: "TCP port; 0 lets the system choose. (default: PORT, else 8080)")
    var port: Int?

    @Option(.number, help: "Event loops, 1 to 64. (default: 1)")
    var threads: Int?

    @Option(
        .metrics,
        help:
            "Serve GET /metrics for Prometheus at this port of 127.0.0.1, or at HOST:PORT; 0: the system chooses one. (default: not served)"
    )
    var metrics: MetricsAddress?

    func apply(to configuration: inout ServerConfiguration, _ environment: EnvironmentReader) {
        configuration.host = host ?? environment.text("host") ?? configuration.host
        configuration.port = port ?? environment.value("port", .port) ?? environment.port ?? configuration.port
        configuration.metrics = metrics ?? environment.value("metrics", .metrics)
        configuration.threads = threads ?? environment.value("threads", .number) ?? configuration.threads
    }
}
