import CProcess
import Foundation

/// What a program gets as its stdin.
enum Input: Sendable {
    /// `/dev/null`.
    case nothing
    /// A pipe with these bytes, then its end.
    case bytes([UInt8])
    /// A file.
    case file(String)
    /// A pipe that stays open until the test closes it.
    case open

    static func text(_ text: String) -> Input { .bytes(Array(text.utf8)) }

    /// - Returns: the descriptor for the program, and our end of it.
    func open() throws -> (Int32, InputPipe?) {
        switch self {
        case .nothing: return (try Channel.file("/dev/null"), nil)
        case .file(let path): return (try Channel.file(path), nil)
        case .bytes(let bytes):
            let pipe = try Channel.pipe()
            let input = InputPipe(pipe.writing)
            // A thread, since a pipe takes 64 KiB and the program may not even run yet.
            Thread.detachNewThread {
                input.write(bytes)
                input.close()
            }
            return (pipe.reading, input)
        case .open:
            let pipe = try Channel.pipe()
            return (pipe.reading, InputPipe(pipe.writing))
        }
    }
}

/// What to start, and with what around it. Nothing is inherited.
struct Launch: Sendable, CustomStringConvertible {
    var path: String
    var arguments: [String]
    var environment: [String: String]
    var input = Input.nothing

    var description: String { ([(path as NSString).lastPathComponent] + arguments).joined(separator: " ") }

    /// - Returns: the number of the new process, which leads a group of its own.
    func start(stdin: Int32, stdout: Int32, stderr: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in [stdin, stdout, stderr].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        // All tests are one process, and NIO lets its sockets be inherited: a program of ours would keep another test's
        // server listening.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var words = ([path] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + variables { free(word) } }
        var pid: pid_t = 0
        let error = Channel.birth.withLock { _ in
            posix_spawn(&pid, path, &actions, &attributes, &words, &variables)
        }
        guard error == 0 else { throw Failure("cannot start \(self): \(String(cString: strerror(error)))") }
        return pid
    }
}
