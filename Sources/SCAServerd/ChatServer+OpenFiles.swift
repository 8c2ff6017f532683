internal import Glibc

extension ChatServer {
    /// Sees whether there are file descriptors enough to start with. `start` does so too; a program that starts anything
    /// else first should do it before, since event loops and the system's signal sources trap if they get none.
    ///
    /// - Throws: `ServerError` if there are not.
    public static func checkOpenFiles(for configuration: ServerConfiguration) throws(ServerError) {
        guard canOpenFiles(4 * configuration.threads + 8) else {
            throw ServerError(
                code: .cannotListen,
                message: "no file descriptors left to start with",
                hint: "ulimit -n 65536, before it is started"
            )
        }
    }

    /// Whether so many more files can be open at once.
    private static func canOpenFiles(_ count: Int) -> Bool {
        var opened: [Int32] = []
        defer { for descriptor in opened { close(descriptor) } }
        while opened.count < count {
            let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return false }
            opened.append(descriptor)
        }
        return true
    }
}
