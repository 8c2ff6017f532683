internal import SCAServerd
internal import ServiceLifecycle
internal import UnixSignals

/// Has the server read its files again whenever HUP comes, as daemons do.
struct ReloadOnHangUp: Service {
    let server: ChatServer
    /// Taken before the server starts: until they are, HUP ends the process.
    let hangups: UnixSignalsSequence

    func run() async throws {
        for await _ in hangups.cancelOnGracefulShutdown() {
            await server.reload()
        }
    }
}
