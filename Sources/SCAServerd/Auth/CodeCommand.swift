internal import CProcess
internal import Glibc

/// The operator's program that delivers a code, by SMS or mail. Run on a thread that may block.
///
/// Mobile and code go to its stdin, `{"mobile":"9876543210","code":"123456"}` and a newline: arguments and environment can be
/// read by others on the machine (`ps`), a pipe cannot. No shell is involved. What it prints is dropped, since a program that
/// prints what it was told would put the code into a log; its exit status says all: 0 means sent.
struct CodeCommand: Sendable {
    /// How it went.
    enum Outcome: Sendable, Equatable, CustomStringConvertible {
        case sent
        case exited(Int32)
        case killed(signal: Int32)
        case timedOut
        case notStarted(errno: Int32)

        var description: String {
            switch self {
            case .sent: "sent"
            case .exited(let status): "it exited with \(status)"
            case .killed(let signal): "it was killed by signal \(signal)"
            case .timedOut: "it took too long and was killed"
            case .notStarted(let number): "it could not be started: \(String(cString: strerror(number)).lowercased())"
            }
        }
    }

    /// The program, looked for in `PATH` if it has no slash, and its arguments.
    let words: [String]
    /// How long it may take, in milliseconds.
    let timeout: Int32

    /// Runs it to its end, at the latest until time is out; then it and all that it started in its group is killed. What it
    /// leaves behind when it ends by itself goes on, and nobody waits for it.
    func run(_ input: String) -> Outcome {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return .notStarted(errno: errno) }
        // All of it fits into the pipe, and its reading end is still open here: neither a wait nor a SIGPIPE.
        let bytes = Array(input.utf8)
        let written = write(ends[1], bytes, bytes.count)
        close(ends[1])
        defer { close(ends[0]) }
        guard written == bytes.count else { return .notStarted(errno: errno) }
        var pid: pid_t = 0
        let error = spawn(&pid, input: ends[0])
        guard error == 0 else { return .notStarted(errno: error) }
        return wait(for: pid)
    }

    private func spawn(_ pid: inout pid_t, input: Int32) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // Sockets of other people are nothing for it.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        return posix_spawnp(&pid, words[0], &actions, &attributes, &arguments, environ)
    }

    private func wait(for pid: pid_t) -> Outcome {
        let exit = sca_pidfd_open(pid)
        var ready: Int32 = 1
        if exit >= 0 {
            var watched = pollfd(fd: exit, events: Int16(POLLIN), revents: 0)
            repeat { ready = poll(&watched, 1, timeout) } while ready < 0 && errno == EINTR
            close(exit)
        } else {
            ready = 0
        }
        // While it is not buried its number is nobody else's.
        if ready <= 0 { kill(-pid, SIGKILL) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        if ready <= 0 { return .timedOut }
        let signal = status & 0x7F
        if signal != 0 { return .killed(signal: signal) }
        let code = (status >> 8) & 0xFF
        return code == 0 ? .sent : .exited(code)
    }
}
