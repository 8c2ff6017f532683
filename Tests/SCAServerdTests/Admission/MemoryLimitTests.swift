import Foundation
import Testing

@testable import SCAServerd

/// How much memory there is and may be used, from files as Linux has them.
@Suite struct MemoryLimitTests {
    /// A folder with these files in it, for the time of the body.
    private func withFiles(_ files: [String: String], _ body: (MemoryFiles) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sca-memory-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for (path, text) in files {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: file)
        }
        try body(MemoryFiles(root: folder.path))
    }

    private static let machine = ["proc/meminfo": "MemTotal:       16384000 kB\nMemFree:         1000000 kB\n"]

    @Test func theMachineIsTheLimitWithoutControlGroups() throws {
        try withFiles(Self.machine) { #expect($0.available == 16_384_000 * 1_024) }
    }

    @Test func aControlGroupOfVersion2HasLess() throws {
        let files = [
            "proc/self/cgroup": "0::/system.slice/scad.service\n",
            "sys/fs/cgroup/system.slice/scad.service/memory.max": "536870912\n",
            "sys/fs/cgroup/system.slice/memory.max": "max\n",
        ]
        try withFiles(Self.machine.merging(files) { $1 }) { #expect($0.available == 536_870_912) }
    }

    @Test func aGroupAboveMayHaveTheSmallerLimit() throws {
        let files = [
            "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n",
            "sys/fs/cgroup/a/memory.max": "268435456\n",
        ]
        try withFiles(Self.machine.merging(files) { $1 }) { #expect($0.available == 268_435_456) }
    }

    @Test func inAContainerTheRootOfTheGroupsIsAsked() throws {
        let files = ["proc/self/cgroup": "0::/docker/abc\n", "sys/fs/cgroup/memory.max": "134217728\n"]
        try withFiles(Self.machine.merging(files) { $1 }) { #expect($0.available == 134_217_728) }
    }

    @Test func aControlGroupOfVersion1HasLessOrSaysNone() throws {
        let files = [
            "proc/self/cgroup": "12:cpu,cpuacct:/x\n5:memory:/docker/abc\n1:name=systemd:/x\n",
            "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "1073741824\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        ]
        try withFiles(Self.machine.merging(files) { $1 }) { #expect($0.available == 1_073_741_824) }
        let unlimited = files.merging([
            "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "9223372036854771712\n"
        ]) { $1 }
        try withFiles(Self.machine.merging(unlimited) { $1 }) { #expect($0.available == 16_384_000 * 1_024) }
    }

    @Test func rubbishIsNoLimit() throws {
        let files = [
            "proc/meminfo": "rubbish", "proc/self/cgroup": "0:/\n::\nrubbish\n0::\n",
            "sys/fs/cgroup/memory.max": "-5\n",
            "proc/self/statm": "x y\n",
        ]
        try withFiles(files) { #expect($0.available == nil && $0.resident == nil) }
        try withFiles([:]) { #expect($0.available == nil && $0.resident == nil) }
    }

    @Test func whatThisProcessHasIsRead() throws {
        #expect(try #require(MemoryFiles().resident) > 1 << 20)
        #expect(try #require(MemoryFiles().available) > 1 << 26)
        try withFiles(["proc/self/statm": "1000 250 30 4 0 5 0\n"]) {
            #expect($0.resident == 250 * Int(sysconf(Int32(_SC_PAGESIZE))))
        }
    }

    @Test func limitsAreReadAsTheyAreWritten() {
        func read(_ text: String) -> MemoryLimit? { MemoryLimit(parsing: text) { Int($0) } }
        #expect(read("80%") == .share(percent: 80))
        #expect(read("1000000") == .bytes(1_000_000))
        #expect(read("0") == MemoryLimit.none)
        #expect(read("x%") == nil && read("lots") == nil && read("") == nil)
        #expect(MemoryLimit.share(percent: 80).bytes(of: 1_000) == 800)
        #expect(MemoryLimit.share(percent: 80).bytes(of: nil) == nil)
        #expect(MemoryLimit.bytes(7).bytes(of: 5) == 7)
        #expect(MemoryLimit.none.bytes(of: 5) == nil)
    }
}
