internal import Glibc

/// Small files that only their owner may read, replaced all or nothing.
enum PrivateFile {
    /// Writes a new file beside the old one, 0600, syncs it and renames it into place; folders that are missing are made 0700.
    ///
    /// A symbolic link is followed, not replaced. On an error the old file is as it was.
    static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let target = target(of: path)
        let draft = "\(target).\(getpid())-\(UInt32.random(in: 0 ... .max)).tmp"
        let folder = PrivateFolder.holding(target)
        try PrivateFolder.make(folder)
        do throws(SystemError) {
            let file = try OpenFile(draft, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
            try file.write(bytes)
            try file.synchronize()
            guard rename(draft, target) == 0 else { throw SystemError(call: "rename", number: errno) }
        } catch {
            _ = unlink(draft)
            throw error
        }
        try PrivateFolder.synchronize(folder)
    }

    /// The file behind a symbolic link; the path itself if it is none, or leads nowhere.
    private static func target(of path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
