internal import Glibc
internal import SCACore

// Reading what is known of a history. Nothing is made, changed or locked: who has the lock is asked of the kernel.

extension HistoryDesk {
    /// Looks at everything; rows are counted for three seconds at most.
    ///
    /// - Throws: `HistoryError` if it is no file, or cannot be read.
    func facts() throws(HistoryError) -> HistoryFacts { try HistoryFacts(reading: path) }
}

extension HistoryFacts {
    /// How long rows are counted.
    private static let patience = Duration.seconds(3)

    init(reading path: String) throws(HistoryError) {
        self.init(path: path)
        // The reader follows a link, and whoever appends does not.
        try HistoryFile.examine(path)
        folder = path
        repeat { folder = Self.parent(of: folder) } while access(folder, F_OK) != 0 && folder != "/"
        isFolderWritable = access(folder, W_OK | X_OK) == 0
        var disk = statvfs()
        if statvfs(folder, &disk) == 0 { free = Int64(disk.f_bavail) * Int64(disk.f_frsize) }
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        var reader = HistoryReader(path: path)
        var found = File()
        let end = ContinuousClock.now + Self.patience
        try reader.forEach { _ in
            found.rows += 1
            found.isCut = found.rows % 1_024 == 0 && ContinuousClock.now > end
            return !found.isCut
        }
        found.badLines = reader.skippedLines
        found.tornBytes = reader.tornBytes
        found.isOurs = status.st_uid == geteuid()
        found.mode = status.st_mode & 0o777
        found.isWritable = access(path, W_OK) == 0
        file = found
        holder = Self.holder(of: path)
    }

    /// Who has the lock now, by `/proc/locks` (proc(5)); nil if nobody has, or the kernel does not say.
    static func holder(of path: String) -> Holder? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        for line in lines(of: "/proc/locks") {
            // 1: FLOCK  ADVISORY  WRITE 2132 08:02:1234 0 EOF; those who wait have an arrow behind the number.
            let words = line.split(separator: " ")
            guard words.count >= 6, words[1] == "FLOCK", let process = Int32(words[4]), process > 0,
                words[5].split(separator: ":").last.flatMap({ UInt64($0) }) == UInt64(status.st_ino),
                hasOpen(process, status)
            else { continue }
            let stopped = lines(of: "/proc/\(process)/status").contains { $0.hasPrefix("State:") && $0.contains("T ") }
            let name = lines(of: "/proc/\(process)/comm").first.map { TextSanitizer.sanitized($0, .oneLine) }
            return Holder(process: process, name: name ?? "a process", isStopped: stopped)
        }
        return nil
    }

    /// Whether this very file is open there: a number of an inode is not unique, and the device that the kernel names is not
    /// always the one that `stat` does. One that may not be looked at counts.
    private static func hasOpen(_ process: Int32, _ status: stat) -> Bool {
        guard let folder = opendir("/proc/\(process)/fd") else { return true }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            var open = stat()
            guard stat("/proc/\(process)/fd/\(name)", &open) == 0 else { continue }
            if open.st_ino == status.st_ino, open.st_dev == status.st_dev { return true }
        }
        return false
    }

    private static func lines(of path: String) -> [String] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < 1 << 20 {
            let count = read(file, &block, block.count)
            guard count > 0 else { break }
            bytes += block.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
