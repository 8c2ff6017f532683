internal import Glibc
internal import Logging
internal import SCAServerd
internal import UnixSignals

/// Ends the process when it is told to end a second time: who asks twice does not want to wait for the drain.
///
/// The status is that of a process which the signal ended, 128 and its number. It does not raise the signal itself: the first
/// process of a container would not die of it.
struct EndAtSecondSignal {
    let server: ChatServer
    let logger: Logger
    /// TERM and INT, which the lifecycle traps too: it drains at the first.
    let endings: UnixSignalsSequence

    func run() async {
        for await signal in endings.dropFirst() {
            logger.warning("told again to end: \(server.sessionCount) sessions are left without a goodbye")
            Glibc.exit(128 + (signal == .sigint ? SIGINT : SIGTERM))
        }
    }
}
