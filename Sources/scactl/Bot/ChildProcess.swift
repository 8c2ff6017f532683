internal import CProcess
internal import Glibc
internal import Synchronization

/// A child with a pipe for each of its standard streams, and everything that it starts. Owned by one thread, which waits in
/// `wait`; nothing here blocks otherwise, but for the moment that the kernel needs to make or to bury a process.
///
/// The child leads a process group of its own, with no signal blocked or ignored and no descriptor beside its three: NIO's
/// sockets are not marked close-on-exec. Its end is seen by a pidfd, so one `poll` has everything. A child that has ended
/// is not waited for at once: as long as it is a zombie its number, which is the group's, belongs to nobody else, and that is
/// the moment to end what is left of the group. (A grandchild that makes a session of its own escapes, as it means to.)
///
/// `swift-subprocess` 1.0.2 was read and not taken: it waits for the child by itself, so that moment is not to be had; and in a
/// static program, which is how `scactl` is released, it finds `addclosefrom_np` by `dlsym` and so does not find it, and
/// forks by another way than the one that tests would have run.
final class ChildProcess {
    /// Which of the streams `wait` is for.
    struct Interest: OptionSet {
        let rawValue: Int
        static let input = Interest(rawValue: 1)
        static let output = Interest(rawValue: 2)
        static let errors = Interest(rawValue: 4)
        /// The child has ended; always waited for.
        static let exit = Interest(rawValue: 8)
        /// Somebody called `wake`; always waited for.
        static let wake = Interest(rawValue: 16)
    }

    /// What a pipe holds on Linux; the most that one read returns.
    static let blockSize = 65_536

    private let pid: pid_t
    private let exit: Int32
    private var input: Int32
    private var output: Int32
    private var errors: Int32

    /// Starts a program.
    ///
    /// - Throws: `CommandFailure` with status 64 if the system will not.
    init(_ command: ProgramCommand, variables: RawEnvironment) throws(CommandFailure) {
        guard let stdin = PipeEnds(), let stdout = PipeEnds(), let stderr = PipeEnds() else {
            throw Self.failure(command, errno)
        }
        var pid: pid_t = 0
        let error = Self.spawn(
            &pid,
            command,
            variables,
            streams: [stdin.reading.number, stdout.writing.number, stderr.writing.number]
        )
        guard error == 0 else { throw Self.failure(command, error) }
        let exit = sca_pidfd_open(pid)
        guard exit >= 0 else {
            let error = errno
            kill(-pid, SIGKILL)
            ChildGroups.remove(pid)
            waitpid(pid, nil, 0)
            throw Self.failure(command, error)
        }
        self.pid = pid
        self.exit = exit
        (input, output, errors) = (stdin.writing.take(), stdout.reading.take(), stderr.reading.take())
        for end in [input, output, errors] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    }

    deinit {
        for descriptor in [input, output, errors, exit] where descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// Waits until one of these can go on. Streams that are closed are not waited for.
    ///
    /// - Parameters:
    ///   - wake: a descriptor that `.wake` is about.
    ///   - timeout: nil for no limit.
    /// - Returns: empty when time ran out.
    func wait(for interest: Interest, wake: Int32, timeout: Duration?) -> Interest {
        let events = [
            (input, Interest.input, POLLOUT), (output, .output, POLLIN), (errors, .errors, POLLIN),
        ]
        var watched = events.map { descriptor, kind, event in
            pollfd(fd: interest.contains(kind) ? descriptor : -1, events: Int16(event), revents: 0)
        }
        watched.append(pollfd(fd: exit, events: Int16(POLLIN), revents: 0))
        watched.append(pollfd(fd: wake, events: Int16(POLLIN), revents: 0))
        // Rounded up, or the last millisecond would be spent awake.
        let milliseconds = timeout.map { Int32(clamping: max($0, .zero).milliseconds + 1) } ?? -1
        guard poll(&watched, nfds_t(watched.count), milliseconds) > 0 else { return [] }
        var ready: Interest = []
        for (entry, kind) in zip(watched, [Interest.input, .output, .errors, .exit, .wake]) where entry.revents != 0 {
            ready.insert(kind)
        }
        return ready
    }

    /// Writes as much as the pipe takes now, from the front. A program that no longer reads gets no more.
    func write(_ bytes: inout ArraySlice<UInt8>) {
        if input < 0 { bytes = [] }
        while !bytes.isEmpty, input >= 0 {
            let count = bytes.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                closeInput()
                bytes = []
            }
        }
    }

    /// Whether its stdout is still open somewhere, as far as was read.
    var hasOutput: Bool { output >= 0 }

    func closeInput() {
        Self.close(&input)
    }

    /// What is there of stdout; empty if there is nothing now, or no more.
    func readOutput() -> [UInt8] { Self.read(&output) }

    /// What is there of stderr; empty if there is nothing now, or no more.
    func readErrors() -> [UInt8] { Self.read(&errors) }

    /// Sends a signal to the child and everything in its group.
    func signalGroup(_ number: Int32) {
        kill(-pid, number)
    }

    /// Ends whatever is left of the group and buries the child, which must have ended.
    func bury() -> ChildExit {
        kill(-pid, SIGKILL)
        ChildGroups.remove(pid)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return ChildExit(waitStatus: status)
    }

    private static func read(_ descriptor: inout Int32) -> [UInt8] {
        guard descriptor >= 0 else { return [] }
        var result = 0
        let block = [UInt8](unsafeUninitializedCapacity: blockSize) { buffer, count in
            repeat { result = Glibc.read(descriptor, buffer.baseAddress, blockSize) } while result < 0 && errno == EINTR
            count = max(result, 0)
        }
        if result == 0 || result < 0 && errno != EAGAIN { close(&descriptor) }
        return block
    }

    private static func close(_ descriptor: inout Int32) {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    // MARK: Birth

    private static func spawn(
        _ pid: inout pid_t,
        _ command: ProgramCommand,
        _ variables: RawEnvironment,
        streams: [Int32]
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in streams.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var words = command.words.map { strdup($0) } + [nil]
        var variables = variables.entries.map { strdup($0) } + [nil]
        defer { for word in words + variables { free(word) } }
        return ChildGroups.add(&pid) {
            posix_spawn(&$0, command.path, &actions, &attributes, &words, &variables)
        }
    }

    private static func failure(_ command: ProgramCommand, _ error: Int32) -> CommandFailure {
        let hint = error == ENOEXEC ? "begin the script with #!/bin/sh, or its interpreter" : "run it by hand first"
        return .usage("cannot start \(command.name): \(String(cString: strerror(error)))", hint: hint)
    }
}

/// Both ends of a pipe, closed when they are given up.
private struct PipeEnds {
    let reading: End
    let writing: End

    final class End {
        private(set) var number: Int32

        init(_ number: Int32) {
            self.number = number
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        }

        deinit { if number >= 0 { close(number) } }

        /// Gives up the descriptor to somebody who closes it.
        func take() -> Int32 {
            defer { number = -1 }
            return number
        }
    }

    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        (reading, writing) = (End(ends[0]), End(ends[1]))
    }
}

/// How a child ended.
enum ChildExit: Hashable, Sendable {
    case status(Int32)
    case signal(Int32)

    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7F
        self = signal == 0 ? .status(waitStatus >> 8 & 0xFF) : .signal(signal)
    }

    /// For a sentence: `ended with status 3`.
    var words: String {
        switch self {
        case .status(let status): "ended with status \(status)"
        case .signal(let number): "was ended by signal \(number) (\(String(cString: strsignal(number))))"
        }
    }
}

/// The process groups of all children, for the moment that the process itself must end at once: of a second signal, or
/// because the reader of stdout is gone. The one thing that is shared by all threads, under a lock.
enum ChildGroups {
    private struct State {
        var groups: Set<pid_t> = []
        var isOver = false
    }

    private static let state = Mutex(State())

    /// Ends them all; there will be no more.
    static func killAll() {
        state.withLock { state in
            state.isOver = true
            for group in state.groups { kill(-group, SIGKILL) }
        }
    }

    /// Starts one. Under the lock: a child that nobody knows yet, when all are ended, would outlive us.
    ///
    /// - Returns: what `spawn` returned, 0 or an error.
    fileprivate static func add(_ group: inout pid_t, _ spawn: (inout pid_t) -> Int32) -> Int32 {
        var child: pid_t = 0
        let error = state.withLock { state in
            guard !state.isOver else { return ECANCELED }
            let error = spawn(&child)
            if error == 0 { state.groups.insert(child) }
            return error
        }
        group = child
        return error
    }

    /// To be called before the child is waited for, since its number may then be somebody else's.
    fileprivate static func remove(_ group: pid_t) {
        state.withLock { _ = $0.groups.remove(group) }
    }
}
