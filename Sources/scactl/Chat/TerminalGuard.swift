internal import Glibc

/// Gives the terminal back as it was found, however the process ends: the prompt does so itself when it is left, this does so
/// when it cannot, in a crash or where a signal ends the process.
///
/// (SIGKILL cannot be seen; `reset` mends a terminal that is left behind by it.)
enum TerminalGuard {
    private struct State {
        var settings = termios()
        var isArmed = false
        /// Whether the terminal obeys no escape sequences.
        var isDumb = false
        /// What the runtime had set for the signals of `crashes`, which it prints a backtrace at.
        var formerActions: [sigaction] = []
    }

    /// And USR1, which `MainLoop` leaves alone.
    private static let crashes = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGUSR1]

    /// Proof: written by `arm` before there are handlers that read it, and by `disarm`, a plain store, when it is no longer needed.
    /// No lock: a handler may take none.
    nonisolated(unsafe) private static var state = State()

    /// Remembers how the terminal is now, and catches crashes.
    static func arm(isDumb: Bool) {
        guard !state.isArmed, tcgetattr(STDIN_FILENO, &state.settings) == 0 else { return }
        state.isArmed = true
        state.isDumb = isDumb
        for number in crashes {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in TerminalGuard.crash(number) }
            action.sa_flags = SA_ONSTACK
            var former = sigaction()
            sigaction(number, &action, &former)
            state.formerActions.append(former)
        }
    }

    /// Gives the terminal back; does nothing unless armed. Only calls that a signal handler may make.
    static func restore() {
        guard state.isArmed, MainLoop.isInForeground(of: STDIN_FILENO) else { return }
        tcsetattr(STDIN_FILENO, TCSANOW, &state.settings)
        // Bracketed paste off (a terminal that never heard of it ignores it), and the shell's prompt on a line of its own.
        if !state.isDumb { _ = write(STDOUT_FILENO, "\u{1B}[?2004l", 8) }
        _ = write(STDOUT_FILENO, "\r\n", 2)
    }

    /// The prompt has given the terminal back itself.
    static func disarm() {
        guard state.isArmed else { return }
        state.isArmed = false
        for (number, former) in zip(crashes, state.formerActions) {
            var former = former
            sigaction(number, &former, nil)
        }
        state.formerActions = []
    }

    /// Restores, then lets the signal do what it did before we were here: when this returns, it comes again.
    private static func crash(_ number: Int32) {
        restore()
        if let index = crashes.firstIndex(of: number), index < state.formerActions.count {
            sigaction(number, &state.formerActions[index], nil)
        }
        raise(number)
    }
}
