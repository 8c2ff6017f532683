internal import Glibc
internal import SCACore

/// The file that the code of a login comes in. It is there once the code has been sent, so it is waited for; what it held before is
/// the code of another login.
///
/// A pipe is read at once, and waits by itself. A file is looked at ten times a second: inotify(7) would have to watch a folder
/// that need not be there, and does not see what another machine writes to a shared disk.
struct CodeFile: Sendable {
    let path: String
    /// How the file was before the code was asked for.
    private let before: Stamp

    /// - Parameter path: the file; nothing need be there yet.
    init(_ path: String) {
        self.path = path
        before = Stamp(of: path)
    }

    /// Returns when the code is there.
    ///
    /// - Parameter patience: for how long it is waited for.
    /// - Returns: nil if it is a pipe or a device, and has none.
    /// - Throws: 78 if the file cannot be read, or others can read it, too; 124 if no code came.
    func code(within patience: Duration, _ time: TimeSource) async throws -> String? {
        var waited = Duration.zero
        while waited < patience {
            let now = Stamp(of: path)
            if now.isThere, now != before || !now.isFile {
                let code = try StoredToken.readGiven(path, as: "code")
                if code != nil || !now.isFile { return code }
            }
            try await time.sleep(Self.interval)
            waited += Self.interval
        }
        throw CommandFailure.timedOut(
            "no code came in \(path) within \(patience.shortText)",
            hint: "write it there while login waits, or type it: login without --code-file"
        )
    }

    private static let interval = Duration.milliseconds(100)

    /// What differs when a file was written, or another took its place.
    private struct Stamp: Hashable {
        var isThere = false
        var isFile = false
        private var inode: UInt64 = 0
        private var size: Int64 = 0
        private var seconds = 0
        private var nanoseconds = 0

        init(of path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return }
            isThere = true
            isFile = status.st_mode & S_IFMT == S_IFREG
            (inode, size) = (UInt64(status.st_ino), Int64(status.st_size))
            (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        }
    }
}
