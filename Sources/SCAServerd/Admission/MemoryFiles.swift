internal import Glibc

/// What Linux says of memory, in its files (proc(5), cgroups(7)): how much there is for this process, and how much it has.
///
/// There is as much as the machine has, or as the smallest limit among the control groups that the process is in and those
/// above. In a container its own group is often mounted as the root, so that the path that `/proc/self/cgroup` gives leads nowhere;
/// then the root is asked.
struct MemoryFiles: Sendable {
    /// A folder in which `proc` and `sys` are looked for; empty for the real ones.
    var root = ""

    /// Bytes that this process could have; nil if nothing says so.
    var available: Int? {
        ([machine].compactMap { $0 } + groupLimits).min()
    }

    /// Bytes of memory that this process has, swapped out ones not counted; nil if that cannot be read.
    var resident: Int? {
        let fields = read("/proc/self/statm")?.split(separator: " ") ?? []
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    private var machine: Int? {
        let line = read("/proc/meminfo")?.split(separator: "\n").first { $0.hasPrefix("MemTotal:") }
        guard let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        return kilobytes * 1_024
    }

    /// Every limit that is set, of both versions of control groups.
    private var groupLimits: [Int] {
        let lines = read("/proc/self/cgroup")?.split(separator: "\n") ?? []
        return lines.flatMap { line -> [Int] in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return [] }
            if parts[0] == "0", parts[1].isEmpty { return limits(parts[2], under: "", "memory.max") }
            guard parts[1].split(separator: ",").contains("memory") else { return [] }
            return limits(parts[2], under: "/memory", "memory.limit_in_bytes")
        }
    }

    /// The limits of a group and of all above it. Version 1 says "none" by a number larger than any memory.
    private func limits(_ path: Substring, under controller: String, _ file: String) -> [Int] {
        var path = path
        var limits: [Int] = []
        while true {
            let group = path == "/" ? "" : path
            let text = read("/sys/fs/cgroup\(controller)\(group)/\(file)")
            if let limit = text.flatMap({ Int($0.filter { $0 != "\n" }) }), limit > 0 { limits.append(limit) }
            guard let slash = path.lastIndex(of: "/"), path.count > 1 else { return limits }
            path = slash == path.startIndex ? "/" : path[..<slash]
        }
    }

    private func read(_ path: String) -> String? { Self.read(root + path) }

    /// The beginning of a file, at most 16 KiB; nil if it cannot be read.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 16_384)
        var count = 0
        while count < bytes.count {
            let read = bytes[count...].withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard read > 0 else { break }
            count += read
        }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
