import Foundation
import Testing

/// Namespaces (unshare(1)) that only a test's programs are in: a disk or a network of their own, that can be filled or cut.
/// They are held open by a process that sleeps, and nothing is left of them when it has ended.
///
/// Only root may make them. Elsewhere these tests are skipped, and say so.
final class Room: Sendable {
    enum Kind: String, Sendable {
        case disk = "--mount"
        case network = "--net"
    }

    static let why: Comment = "only root can make namespaces with a disk or a network of their own"

    /// Whether this machine and this user can.
    static let isPossible: Bool = {
        guard geteuid() == 0 else { return false }
        let probe = Process()
        probe.executableURL = URL(filePath: "/usr/bin/unshare")
        probe.arguments = ["--mount", "--net", "/bin/mount", "-t", "tmpfs", "none", "/mnt"]
        probe.standardError = FileHandle.nullDevice
        guard (try? probe.run()) != nil else { return false }
        probe.waitUntilExit()
        return probe.terminationStatus == 0
    }()

    /// The words that execute a program in there.
    let entering: [String]
    /// Where its files are seen from outside.
    let root: String
    let pid: pid_t
    private let stage: Stage

    /// - Parameter preparing: a line of shell that is run in there first.
    init(_ kind: Kind, on stage: Stage, _ preparing: String) async throws {
        let line = "set -e; PATH=$PATH:/usr/sbin:/sbin; \(preparing); echo ready; exec sleep 600"
        let holder = try stage.start("/usr/bin/unshare", [kind.rawValue, "/bin/sh", "-c", line])
        try await holder.lines(1)
        pid = holder.pid
        entering = ["/usr/bin/nsenter", "--target", "\(pid)", kind.rawValue]
        root = "/proc/\(pid)/root"
        self.stage = stage
    }

    /// Runs a line of shell in there.
    func shell(_ line: String) async throws {
        let line = "PATH=$PATH:/usr/sbin:/sbin; \(line)"
        let answer = try await stage.start("/bin/sh", ["-c", line], entering: entering).finish()
        guard answer.exit == .status(0) else { throw Failure("\(line): \(answer.errors)") }
    }
}
