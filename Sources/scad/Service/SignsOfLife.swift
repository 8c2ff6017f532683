internal import SCAServerd
internal import ServiceLifecycle

/// Keeps the service manager informed as long as the server runs, drain included.
struct SignsOfLife: Service {
    let manager: ServiceManager
    let server: ChatServer

    func run() async throws {
        guard manager.isListening else { return try await gracefulShutdown() }
        try await cancelWhenGracefulShutdown {
            // It ends by being cancelled, which is no failure.
            do { try await manager.keepTelling(of: server) } catch is CancellationError {}
        }
    }
}
