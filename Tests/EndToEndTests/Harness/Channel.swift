import Foundation
import Synchronization

/// Descriptors that no other program started meanwhile inherits: it would keep a pipe open that should end.
enum Channel {
    /// Held from a descriptor's birth until it is marked, and while a program is started. (`pipe2` and `accept4`, which
    /// mark at birth, are not in Swift's Glibc module.)
    static let birth = Mutex(())

    static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        let result = birth.withLock { _ in
            let result = Foundation.pipe(&ends)
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return result
        }
        guard result == 0 else { throw Failure.system("pipe") }
        return (ends[0], ends[1])
    }

    static func file(_ path: String) throws -> Int32 {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure.system("open \(path)") }
        return descriptor
    }
}

/// Reads a pipe to its end on a thread of its own, and keeps everything.
final class Collector: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isOver = false
    }

    private let state = Mutex(State())

    init(_ descriptor: Int32) {
        Thread.detachNewThread { self.collect(descriptor) }
    }

    var isOver: Bool { state.withLock { $0.isOver } }
    var bytes: [UInt8] { state.withLock { $0.bytes } }
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The lines that are complete.
    var lines: [String] {
        let bytes = bytes
        guard let end = bytes.lastIndex(of: 0x0A) else { return [] }
        return bytes[..<end].split(separator: 0x0A, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private func collect(_ descriptor: Int32) {
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            state.withLock { $0.bytes += block[..<count] }
        }
        close(descriptor)
        state.withLock { $0.isOver = true }
    }
}

/// Our end of a program's stdin.
final class InputPipe: Sendable {
    private let descriptor: Mutex<Int32>

    init(_ descriptor: Int32) {
        self.descriptor = Mutex(descriptor)
    }

    /// Writes all of it; what a program that is gone no longer reads is dropped.
    func write(_ bytes: [UInt8]) {
        descriptor.withLock { descriptor in
            var rest = bytes[...]
            while descriptor >= 0, !rest.isEmpty {
                let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }

    func close() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { Foundation.close(descriptor) }
            descriptor = -1
        }
    }
}
