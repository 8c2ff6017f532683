import Foundation
import Synchronization

/// A service manager's end of sd_notify(3): a datagram socket that keeps what it is told.
final class ManagerSocket: Sendable {
    /// A message and when it came.
    private struct State {
        var messages: [String] = []
        var last = ContinuousClock.now
    }

    /// What `NOTIFY_SOCKET` says.
    let name: String
    private let descriptor: Int32
    private let state = Mutex(State())

    /// - Parameter name: a path, or `@` and an abstract name.
    init(_ name: String, on stage: Stage) throws {
        self.name = name
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array((name.hasPrefix("@") ? "\0" + name.dropFirst() : name).utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        // An abstract name is as long as the address says.
        let size = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let result = withUnsafeBytes(of: &address) { address in
            address.bindMemory(to: sockaddr.self).baseAddress.map { bind(descriptor, $0, size) }
        }
        guard result == 0 else { throw Failure.system("bind \(name)") }
        Thread.detachNewThread { self.collect() }
        stage.atEnd { shutdown(self.descriptor, Int32(SHUT_RDWR)) }
    }

    deinit { close(descriptor) }

    var messages: [String] { state.withLock { $0.messages } }

    /// For how long nothing has come.
    var silence: Duration { ContinuousClock.now - state.withLock { $0.last } }

    func forget() { state.withLock { $0.messages = [] } }

    /// Waits for a message with this line.
    @discardableResult
    func hears(_ line: String) async throws -> String {
        try await eventually("\(line) among \(messages)") {
            messages.first { $0.split(separator: "\n").contains { $0 == line } }
        }
    }

    private func collect() {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            let message = String(decoding: bytes[..<count], as: UTF8.self)
            state.withLock { state in
                state.messages.append(message)
                state.last = .now
            }
        }
    }
}
