internal import CProcess
internal import Glibc

/// The memory of this process, in which texts, codes and keys pass through.
enum Memory {
    /// Signals that Swift's runtime would explain with the contents of registers and of the memory that they point to.
    private static let crashes = [SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]

    /// Sees to it that none of it is left behind by a crash, nor read by another process of the same user: no core file
    /// (limit 0), neither a file nor a pipe to a collector (not dumpable), and no report on stderr unless `SWIFT_BACKTRACE` asks for one.
    ///
    /// There is no option against it. Who must look into a server that crashes sets `SWIFT_BACKTRACE`, or is root and attaches a debugger.
    static func forbidDumps() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        _ = sca_set_undumpable()
        guard getenv("SWIFT_BACKTRACE") == nil else { return }
        for number in crashes { signal(number, SIG_DFL) }
    }
}
