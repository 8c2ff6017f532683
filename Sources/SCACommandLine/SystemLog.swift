internal import Glibc

/// The system's log (syslog(3)), which is the administrator's and not ours.
public enum SystemLog {
    /// Keeps libdispatch out of it: it would note there, in each run of a plain user's program, that it may not raise a thread's
    /// priority, which nothing needs. To be called before there are threads; a value that is set stays.
    public static func keepOut() { setenv("LIBDISPATCH_LOG", "NO", 0) }
}
