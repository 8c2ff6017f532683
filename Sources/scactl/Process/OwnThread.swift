internal import Glibc

/// A thread of the process's own, outside of those that Swift runs tasks on: it may block for as long as it likes.
enum OwnThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts one, which lives as long as the process or until `body` returns. If the system gives none, the process
    /// ends: there is nothing that could go on without.
    static func start(_ body: @escaping @Sendable () -> Void) {
        let context = Unmanaged.passRetained(Body(body)).toOpaque()
        var thread = pthread_t()
        let failure = pthread_create(
            &thread,
            nil,
            { context in
                if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            },
            context
        )
        guard failure == 0 else {
            let sentence = Array("scactl: cannot start a thread: \(String(cString: strerror(failure)))\n".utf8)
            _ = write(STDERR_FILENO, sentence, sentence.count)
            TerminalGuard.restore()
            exit(ExitStatus.io.rawValue)
        }
        pthread_detach(thread)
    }
}
