internal import Glibc

/// The socket on which a service manager is told how the service is (sd_notify(3)); a datagram a message, `NAME=value` lines.
///
/// Its descriptor is opened once and kept: a server that has run out of files must still be able to give a sign of life.
final class NotifySocket: Sendable {
    private let descriptor: Int32
    private let address: [UInt8]

    /// - Parameter path: a path, or `@` and an abstract name (unix(7)).
    /// - Returns: nil if it is neither, or if there is no descriptor left.
    init?(_ path: String) {
        var name = Array(path.utf8)
        guard let first = name.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@"), name.count > 1 else {
            return nil
        }
        if first == UInt8(ascii: "@") { name[0] = 0 }
        guard name.count < MemoryLayout<sockaddr_un>.size - MemoryLayout<sa_family_t>.size else { return nil }
        let family = sa_family_t(AF_UNIX)
        address = withUnsafeBytes(of: family) { Array($0) } + name + (name[0] == 0 ? [] : [0])
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        // A manager that hangs does not hang the service.
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Sends a message; what cannot be sent is lost, as there is nobody to tell.
    func send(_ lines: String...) {
        let message = Array(lines.joined(separator: "\n").utf8)
        address.withUnsafeBytes { address in
            guard let start = address.bindMemory(to: sockaddr.self).baseAddress else { return }
            _ = sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), start, socklen_t(address.count))
        }
    }
}
