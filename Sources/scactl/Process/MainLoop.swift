internal import Glibc
internal import Synchronization

/// What the main thread does while the command runs as a task: it watches for signals and for a reader of stdout
/// that goes away, and ends the process the way a Unix tool ends.
///
/// INT, TERM, HUP, TSTP, CONT, WINCH, and what else ends a process, are blocked before any thread exists, so that no thread dies of them; one thread of ours
/// takes them with `sigwait` and writes each number into a pipe; the command writes a 0 and its exit status when
/// it is done. So the main thread has one thing to poll beside stdout, and no code runs inside a signal handler.
/// (`signalfd` and `eventfd` would save the thread; Swift's Glibc module has neither.)
///
/// - The first signal asks the command to stop; it has `grace` to get its last answers and to close. Then the process
///   dies of that very signal: a shell then knows that its loop is over. It dies at once if there is nothing to
///   finish, as before a connection stands, and of a second signal.
/// - A command with a prompt takes INT and those of the terminal for itself (`SignalTap`). For all others TSTP (Ctrl-Z) stops the
///   process as usual, and CONT and WINCH mean nothing.
/// - SIGPIPE is ignored so that a write gives EPIPE. When the reader of stdout is gone, seen by a write or by
///   `poll` although nothing is being written, the command is asked to stop as by a signal, so that what it has sent is in the history;
///   then the process dies of SIGPIPE, quietly, as `cat` does.
/// - A signal that was ignored when we were started (`nohup`, a shell's background job) stays ignored.
final class MainLoop: Sendable {
    /// How long a command may take to stop, in milliseconds: 1 s for answers, the rest to store and to close.
    static let grace: Int32 = 1_500

    /// Ask for an end.
    private static let polite = [SIGINT, SIGTERM, SIGHUP]
    private static let ofTheTerminal = [SIGTSTP, SIGCONT, SIGWINCH]
    /// End the process at once, by their nature; here, after the terminal has been given back. Not USR1: with it Swift's runtime stops
    /// the other threads when one has crashed, and before it can say so we would have died of it (`TerminalGuard` has it).
    private static let deadly = [SIGQUIT, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGXCPU]
    /// A polite signal has come: from now on nobody waits for the foreground.
    private static let isEnding = Atomic(false)

    private enum Happening {
        case done(ExitStatus)
        case signal(Int32)
        case readerGone
        case graceOver
    }

    private let signals: sigset_t
    private let reading: Int32
    private let writing: Int32

    /// Must run before any other thread exists: threads inherit the mask. Nil if no descriptor is left.
    init?() {
        signal(SIGPIPE, SIG_IGN)
        Self.openMissingStandardDescriptors()
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in Self.polite + Self.ofTheTerminal + Self.deadly where !Self.isIgnored(number) {
            sigaddset(&signals, number)
        }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        self.signals = signals
        reading = ends[0]
        writing = ends[1]
    }

    /// Runs the command to its end and ends the process.
    func run(_ command: @escaping @Sendable (StopSignal, SignalTap) async -> ExitStatus) -> Never {
        let stop = StopSignal()
        let tap = SignalTap()
        OwnThread.start { self.forwardSignals() }
        // Not structured: the main thread blocks in `poll`, so nothing can await this task; it reports by the pipe.
        Task {
            let status = await command(stop, tap)
            send([0, UInt8(truncatingIfNeeded: status.rawValue)])
        }
        var received: Int32?
        while true {
            switch next(timeout: received == nil ? -1 : Self.grace, watchesReader: received == nil) {
            case .done(let status):
                if let received { die(of: received) }
                if status == .signal(SIGPIPE) { die(of: SIGPIPE) }
                TerminalGuard.restore()
                exit(status.rawValue)
            case .signal(let number) where tap.deliver(number): break
            case .signal(SIGTSTP): Self.stopProcess()
            case .signal(SIGCONT), .signal(SIGWINCH): break
            case .signal(let number) where Self.deadly.contains(number): die(of: number)
            case .signal(let number):
                guard received == nil, stop.request() else { die(of: received ?? number) }
                received = number
            case .readerGone:
                guard received == nil, stop.request() else { die(of: received ?? SIGPIPE) }
                received = SIGPIPE
            case .graceOver: die(of: received ?? SIGTERM)
            }
        }
    }

    private func next(timeout: Int32, watchesReader: Bool) -> Happening {
        while true {
            var watched = [
                pollfd(fd: reading, events: Int16(POLLIN), revents: 0),
                pollfd(fd: watchesReader ? STDOUT_FILENO : -1, events: 0, revents: 0),
            ]
            let count = poll(&watched, 2, timeout)
            if count == 0 { return .graceOver }
            guard count > 0 else { continue }
            if watched[0].revents != 0, let byte = receive() {
                guard byte == 0 else { return .signal(Int32(byte)) }
                return .done(receive().map { ExitStatus(rawValue: Int32($0)) } ?? .bug)
            }
            if Int32(watched[1].revents) & (POLLERR | POLLHUP) != 0 { return .readerGone }
        }
    }

    private func send(_ bytes: [UInt8]) {
        _ = write(writing, bytes, bytes.count)
    }

    private func receive() -> UInt8? {
        var byte: UInt8 = 0
        return read(reading, &byte, 1) == 1 ? byte : nil
    }

    private func forwardSignals() {
        var signals = signals
        var number: Int32 = 0
        while sigwait(&signals, &number) == 0 {
            if number == SIGTERM || number == SIGHUP { Self.isEnding.store(true, ordering: .releasing) }
            send([UInt8(truncatingIfNeeded: number)])
        }
    }

    /// Ends the process so that the parent sees this signal, and not an exit status that looks like it.
    private func die(of number: Int32) -> Never {
        TerminalGuard.restore()
        ChildGroups.killAll()
        Self.obey(number)
        exit(ExitStatus.signal(number).rawValue)
    }

    /// Stops the process as Ctrl-Z does; returns when it is continued.
    static func stopProcess() {
        obey(SIGTSTP)
    }

    /// Stops the process, as the terminal does to whoever reads from it in the background, until it is in the foreground.
    ///
    /// - Parameter terminal: a descriptor of it; what is no terminal needs no waiting.
    /// - Returns: false if that will never be, since there is nobody who could continue it.
    static func waitForForeground(of terminal: Int32) -> Bool {
        for _ in 0..<1_000 where !isToldToEnd {
            if isInForeground(of: terminal) { return true }
            obey(SIGTTIN)
        }
        return false
    }

    /// A shell that ends a stopped job sends TERM and CONT; stopping again would be no answer.
    private static var isToldToEnd: Bool {
        var pending = sigset_t()
        sigpending(&pending)
        return isEnding.load(ordering: .acquiring) || sigismember(&pending, SIGTERM) == 1
            || sigismember(&pending, SIGHUP) == 1
    }

    /// Whether the terminal is ours to change; from the background, doing so would stop the process.
    static func isInForeground(of terminal: Int32) -> Bool {
        let foreground = tcgetpgrp(terminal)
        return foreground == -1 || foreground == getpgrp()
    }

    /// Lets a signal do to the process what it does by default.
    private static func obey(_ number: Int32) {
        signal(number, SIG_DFL)
        var only = sigset_t()
        sigemptyset(&only)
        sigaddset(&only, number)
        pthread_sigmask(SIG_UNBLOCK, &only, nil)
        raise(number)
        if number == SIGTSTP { pthread_sigmask(SIG_BLOCK, &only, nil) }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        let handler = action.__sigaction_handler.sa_handler
        return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Puts `/dev/null` where stdin, stdout or stderr was closed (`>&-`), the wrong way round, so that using it
    /// fails; otherwise the next file or socket would get that number, and rows would be written into it.
    private static func openMissingStandardDescriptors() {
        for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        where fcntl(descriptor, F_GETFD) == -1 {
            _ = open("/dev/null", mode)
        }
    }
}
