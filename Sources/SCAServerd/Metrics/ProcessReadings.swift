internal import Glibc

/// What Linux says of this process (proc(5)).
struct ProcessReadings: Sendable {
    /// User and system time, in seconds.
    var processorSeconds = 0.0
    /// In bytes.
    var resident = 0
    var virtual = 0
    /// When it was started, in seconds since 1970; 0 if that cannot be read.
    var started = 0.0
    var openFiles = 0
    /// 0 for no limit.
    var maximumFiles = 0

    /// Of now. It lists the open files, so it takes some milliseconds where there are ten thousand: not for an event loop.
    static func now() -> ProcessReadings {
        let files = FileBudget.now()
        var readings = ProcessReadings(
            stat: MemoryFiles.read("/proc/self/stat") ?? "",
            systemStat: MemoryFiles.read("/proc/stat") ?? ""
        )
        readings.started = start
        readings.openFiles = files.open
        readings.maximumFiles = files.limit == .max ? 0 : files.limit
        return readings
    }

    /// Found once: what the kernel says of the machine's start moves with its clock.
    private static let start = ProcessReadings(
        stat: MemoryFiles.read("/proc/self/stat") ?? "",
        systemStat: MemoryFiles.read("/proc/stat") ?? ""
    ).started

    init() {}

    /// - Parameters:
    ///   - stat: `/proc/self/stat`.
    ///   - systemStat: the beginning of `/proc/stat`, which has the time of the machine's start.
    init(stat: String, systemStat: String) {
        // Behind the name, which is in brackets and may hold anything, blanks and brackets too.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ").map { Double($0) ?? 0 }
        // From field 2 of proc(5) on, so that field n has index n - 2.
        guard fields.count > 22 else { return }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        processorSeconds = (fields[12] + fields[13]) / ticks
        virtual = Int(exactly: fields[21]) ?? 0
        resident = Int(exactly: fields[22] * Double(sysconf(Int32(_SC_PAGESIZE)))) ?? 0
        let line = systemStat.split(separator: "\n").first { $0.hasPrefix("btime ") }
        if let boot = line.flatMap({ Double($0.dropFirst(6)) }) { started = boot + fields[20] / ticks }
    }
}
