internal import Glibc

/// A torn last line that was moved out of the history, for the user to be told.
public struct HealedTail: Sendable, Hashable {
    /// The file that has the torn bytes now, beside the history: `history.torn-1795363670974.jsonl`.
    public let path: String

    /// How many bytes it has.
    public let byteCount: Int64
}

/// Healing: a history that does not end in a newline was torn by a crash or a full disk, and the next row would be
/// glued to what is there.
///
/// A last line that is a whole row and only lacks its newline gets it. Anything else is copied to a file of its own,
/// and is on the disk there before the history is cut to its last newline: torn bytes may be somebody's words, and
/// are never thrown away. A crash in between leaves a second copy, not a loss.
extension HistoryFile {
    /// Makes the file end in a newline. Only under the lock.
    ///
    /// - Returns: the size of the file after it, in bytes.
    func healTail() throws(HistoryError) -> Int64 {
        do throws(SystemError) {
            let size = Int64(try file.status().st_size)
            let keep = try file.lastLineEnd(before: size)
            return keep == size ? size : try heal(from: keep, to: size)
        } catch {
            throw HistoryError("heal the torn last line of", path, error, outcome: "nothing was stored")
        }
    }

    private func heal(from keep: Int64, to size: Int64) throws(SystemError) -> Int64 {
        let torn = size - keep
        if torn <= Int64(HistoryRow.longestLine) {
            let line = try file.read(Int(torn), at: keep)
            if HistoryRow(line: line.span) != nil {
                try file.write([0x0A], with: calls)
                return size + 1
            }
        }
        let aside = try setAside(from: keep, to: size)
        try file.truncate(to: keep)
        healed.append(HealedTail(path: aside, byteCount: torn))
        return keep
    }

    private func setAside(from start: Int64, to end: Int64) throws(SystemError) -> String {
        let aside = try newFileBeside()
        do throws(SystemError) {
            var position = start
            while position < end {
                let bytes = try file.read(Int(min(Int64(OpenFile.blockSize), end - position)), at: position)
                guard !bytes.isEmpty else { break }
                try aside.file.write(bytes, with: calls)
                position += Int64(bytes.count)
            }
            try aside.file.synchronize(with: calls)
            try PrivateFolder.synchronize(PrivateFolder.holding(aside.path))
        } catch {
            _ = unlink(aside.path)
            throw error
        }
        return aside.path
    }

    private struct Aside: ~Copyable {
        let path: String
        let file: OpenFile
    }

    private func newFileBeside() throws(SystemError) -> Aside {
        var now = timespec()
        _ = clock_gettime(CLOCK_REALTIME, &now)
        var stamp = Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
        let suffix = ".jsonl"
        let stem = path.hasSuffix(suffix) ? String(path.dropLast(suffix.count)) : path
        while true {
            let path = "\(stem).torn-\(stamp)\(suffix)"
            do {
                return Aside(path: path, file: try OpenFile(path, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW))
            } catch {
                guard error.number == EEXIST else { throw error }
                stamp += 1
            }
        }
    }
}
