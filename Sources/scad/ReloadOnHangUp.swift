internal import SCAServerd
internal import ServiceLifecycle
internal import UnixSignals

/// Has the server read its files again whenever HUP comes, as daemons do.
struct ReloadOnHangUp: Service {
    let server: ChatServer

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            await server.reload()
        }
    }
}
