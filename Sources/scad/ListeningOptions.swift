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

    func apply(to configuration: inout ServerConfiguration, _ environment: EnvironmentReader) {
        configuration.host = host ?? environment.text("host") ?? configuration.host
        configuration.port = port ?? environment.number("port") ?? environment.port ?? configuration.port
        configuration.threads = threads ?? environment.number("threads") ?? configuration.threads
    }
}
