import Foundation

/// A loopback TCP socket that blocks, with deadlines; for what no real program of ours would do.
final class Socket: Sendable {
    private let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 120, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    deinit { close(descriptor) }

    /// Connects.
    convenience init(port: Int) throws {
        self.init(try Self.make())
        let result = Self.withLoopback(port) { connect(descriptor, $0, $1) }
        guard result == 0 else { throw Failure.system("connect") }
    }

    /// Listens.
    ///
    /// - Returns: also the port that the system chose.
    static func listener() throws -> (Socket, port: Int) {
        let listener = Socket(try make())
        guard withLoopback(0, { bind(listener.descriptor, $0, $1) }) == 0, listen(listener.descriptor, 16) == 0 else {
            throw Failure.system("listen")
        }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutableBytes(of: &address) { bytes in
            getsockname(listener.descriptor, bytes.bindMemory(to: sockaddr.self).baseAddress, &size)
        }
        guard result == 0 else { throw Failure.system("getsockname") }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// The next one who connects; nil once `shut` was called.
    func next() -> Socket? {
        while true {
            var arrival = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&arrival, 1, -1)
            let peer = Channel.birth.withLock { _ in
                let peer = Foundation.accept(descriptor, nil, nil)
                _ = fcntl(peer, F_SETFD, FD_CLOEXEC)
                return peer
            }
            if peer >= 0 { return Socket(peer) }
            guard errno == EINTR || errno == EAGAIN else { return nil }
        }
    }

    /// Ends whatever waits on it.
    func shut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    func write(_ bytes: [UInt8]) {
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Reads exactly so many bytes; nil if the end, or two minutes of silence, come first.
    func read(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return count == 0 || recv(descriptor, &bytes, count, Int32(MSG_WAITALL)) == count ? bytes : nil
    }

    /// Reads what there is, however long it takes to come.
    ///
    /// - Returns: 1 byte or more; nil at the end.
    func readSome() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            return count > 0 ? Array(bytes[..<count]) : nil
        }
    }

    /// Reads the head of an HTTP request or answer and nothing after it; what came of it if that ends early.
    func readHead() -> String {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8), let byte = read(1) { head += byte }
        return String(decoding: head, as: UTF8.self)
    }

    /// Reads and drops everything up to the end.
    func drain() { while read(1) != nil {} }

    private static func make() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure.system("socket") }
        return descriptor
    }

    private static func withLoopback(_ port: Int, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafeBytes(of: &address) { bytes in
            bytes.bindMemory(to: sockaddr.self).baseAddress.map { call($0, socklen_t(bytes.count)) } ?? -1
        }
    }
}
