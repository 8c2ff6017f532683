import Foundation
import Synchronization

/// How a program ended.
enum Exit: Hashable, Sendable {
    case status(Int32)
    /// Killed by a signal, and not an exit status that looks like it.
    case signal(Int32)

    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7F
        self = signal == 0 ? .status(waitStatus >> 8 & 0xFF) : .signal(signal)
    }
}

/// What is left of a program that ended.
struct Finished: Sendable {
    let exit: Exit
    let output: String
    let errors: String

    var lines: [String] { output.split(separator: "\n").map(String.init) }
    var rows: [Row] { lines.map(Row.init) }
    var errorRows: [Row] { errors.split(separator: "\n").map { Row(String($0)) } }
}

/// A real process with real pipes: stdin as it is given, stdout and stderr read by a thread each as they come, so that no
/// pipe ever fills.
///
/// Each is the leader of a process group of its own, so that a shell's whole pipeline can be ended with it. A number is
/// signalled only while its process is not yet waited for, and so can belong to no other. `Stage` ends what a test leaves.
final class Program: Sendable {
    let command: String
    let pid: pid_t
    let output: Collector
    let errors: Collector
    private let input: InputPipe?
    private let ending = Mutex<Exit?>(nil)

    /// - Throws: `Failure` if it cannot be started.
    init(_ launch: Launch) throws {
        _ = Self.ignoringBrokenPipes
        command = launch.description
        let (stdin, input) = try launch.input.open()
        let output = try Channel.pipe()
        let errors = try Channel.pipe()
        defer { for end in [stdin, output.writing, errors.writing] { close(end) } }
        self.input = input
        self.output = Collector(output.reading)
        self.errors = Collector(errors.reading)
        pid = try launch.start(stdin: stdin, stdout: output.writing, stderr: errors.writing)
    }

    /// Sends a signal, if the process still runs.
    func signal(_ number: Int32) {
        ending.withLock { if $0 == nil { kill(pid, number) } }
    }

    /// Stops the process (SIGSTOP), and waits until each of its threads stands still: on a busy machine they run on for a while.
    func stop() async throws {
        signal(SIGSTOP)
        let folder = "/proc/\(pid)/task"
        try await eventually("a standstill") {
            let threads = try FileManager.default.contentsOfDirectory(atPath: folder)
            return threads.allSatisfy { thread in
                // Behind the name, which is in brackets: the state, T if it is stopped. A thread may just have ended.
                guard let status = try? String(contentsOfFile: "\(folder)/\(thread)/stat", encoding: .utf8) else {
                    return true
                }
                return status[(status.lastIndex(of: ")") ?? status.startIndex)...].hasPrefix(") T")
            }
        }
    }

    /// Writes to a stdin that was opened as `.open`.
    func write(_ text: String) { input?.write(Array(text.utf8)) }

    /// Lets a stdin that was opened as `.open` come to its end.
    func closeInput() { input?.close() }

    /// How it ended, or nil if it still runs.
    func exit() -> Exit? {
        ending.withLock { ending in
            var status: Int32 = 0
            if ending == nil, waitpid(pid, &status, WNOHANG) == pid { ending = Exit(waitStatus: status) }
            return ending
        }
    }

    /// Waits for its end, and for the end of whatever shares its stdout and stderr.
    ///
    /// - Throws: `Failure` if that takes too long; it is then ended.
    @discardableResult
    func finish(within deadline: Duration = patience) async throws -> Finished {
        do {
            let end = try await eventually("the end of \(command)", within: deadline) { exit() }
            try await eventually("the end of its output", within: deadline) {
                output.isOver && errors.isOver
            }
            return Finished(exit: end, output: output.text, errors: errors.text)
        } catch {
            end()
            throw Failure("\(error)\nstdout: \(output.text.suffix(2000))\nstderr: \(errors.text.suffix(2000))")
        }
    }

    /// Kills it and its group, and waits for it.
    func end() {
        ending.withLock { ending in
            guard ending == nil else { return }
            kill(-pid, SIGKILL)
            kill(pid, SIGKILL)
            var status: Int32 = 0
            if waitpid(pid, &status, 0) == pid { ending = Exit(waitStatus: status) }
        }
        // What is left of its group still holds the pipes; only then is the number still the group's.
        if !output.isOver || !errors.isOver { kill(-pid, SIGKILL) }
        input?.close()
    }

    /// Waits until stdout has so many lines.
    @discardableResult
    func lines(_ count: Int, within deadline: Duration = patience) async throws -> [String] {
        try await eventually("\(count) lines from \(command)", within: deadline) {
            let lines = output.lines
            if lines.count < count, exit() != nil, output.isOver, output.lines.count < count {
                throw Failure("\(command) ended with \(lines.count) lines of \(count); stderr: \(errors.text)")
            }
            return lines.count >= count ? lines : nil
        }
    }

    /// Waits until stdout has so many rows.
    @discardableResult
    func rows(_ count: Int, within deadline: Duration = patience) async throws -> [Row] {
        try await lines(count, within: deadline).map(Row.init)
    }

    /// Waits for something to be said on stderr.
    @discardableResult
    func said(_ words: String, within deadline: Duration = patience) async throws -> String {
        try await eventually("\"\(words)\" from \(command)", within: deadline) {
            if let line = errors.lines.first(where: { $0.contains(words) }) { return line }
            if exit() != nil, errors.isOver, !errors.text.contains(words) {
                throw Failure("\(command) ended without saying \"\(words)\": \(errors.text)")
            }
            return nil
        }
    }

    /// A write to a program that is gone gives EPIPE, and does not end the tests.
    private static let ignoringBrokenPipes = Foundation.signal(SIGPIPE, SIG_IGN)
}
