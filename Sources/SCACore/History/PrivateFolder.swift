internal import Glibc

/// Folders that only their owner may enter: 0700, as the XDG base directory specification asks of those it names.
enum PrivateFolder {
    /// The folder that holds `path`: `.` for a bare name.
    static func holding(_ path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        let folder = path[..<slash]
        return folder.isEmpty ? "/" : String(folder)
    }

    /// Makes a folder and whatever is missing above it, each 0700 and durable; an existing one stays as it is.
    static func make(_ path: String) throws(SystemError) {
        var hasMadeParent = false
        while mkdir(path, 0o700) != 0 {
            let number = errno
            switch number {
            case EINTR: continue
            case EEXIST:
                var status = stat()
                guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                    throw SystemError(call: "mkdir", number: ENOTDIR)
                }
                return
            // Once: some file systems say so although the folder above is there, `/proc` for one.
            case ENOENT where holding(path) != path && !hasMadeParent:
                try make(holding(path))
                hasMadeParent = true
            default: throw SystemError(call: "mkdir", number: number)
            }
        }
        try synchronize(holding(path))
    }

    /// Returns when the folder's entries are on the disk. A file system that cannot sync a folder is left alone.
    static func synchronize(_ path: String) throws(SystemError) {
        let folder = try OpenFile(path, flags: O_RDONLY | O_DIRECTORY)
        while fsync(folder.descriptor) != 0 {
            let number = errno
            switch number {
            case EINTR: continue
            case EINVAL, ENOTSUP: return
            default: throw SystemError(call: "fsync", number: number)
            }
        }
    }
}
