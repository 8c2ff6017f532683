import Glibc
import SCACore
import Testing

/// A blocking socket that says exactly the bytes it is told to: what a library client would never send.
final class RawClient {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let descriptor: Int32
    private var unread: [UInt8] = []

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Failure(description: "cannot connect: \(errno)") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(description: "cannot send: \(errno)") }
            sent += count
        }
    }

    /// A masked text frame.
    func sendFrame(_ json: String) throws {
        try send(WebSocketFrame.encode(.text, payload: Array(json.utf8), maskingKey: 0x0102_0304))
    }

    /// Closes with a reset, as a crashed machine does.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// The upgrade request, without what may follow it.
    static func upgrade(_ path: String, protocols: String? = nil) -> String {
        "GET \(path) HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            + (protocols.map { "Sec-WebSocket-Protocol: \($0)\r\n" } ?? "") + "\r\n"
    }

    /// Upgrades; what follows the answer's head is kept for `frame`.
    func open(_ path: String, protocols: String? = nil) throws {
        try send(Self.upgrade(path, protocols: protocols))
        let head = try readHead()
        guard head.hasPrefix("HTTP/1.1 101") else { throw Failure(description: head) }
    }

    /// Reads up to and with the blank line that ends a head.
    func readHead() throws -> String {
        let end = Array("\r\n\r\n".utf8)
        while true {
            for start in 0..<max(0, unread.count - 3) where Array(unread[start..<start + 4]) == end {
                let head = String(decoding: unread[..<(start + 4)], as: UTF8.self)
                unread.removeFirst(start + 4)
                return head
            }
            guard try fill() else { throw Failure(description: "closed within the head") }
        }
    }

    /// Reads everything until the server closes.
    func readToEnd() throws -> String {
        while try fill() {}
        defer { unread = [] }
        return String(decoding: unread, as: UTF8.self)
    }

    /// Reads one frame: a text as it is, a compressed one as `deflated TEXT`, a close as `close CODE`; nil at the end.
    func frame() throws -> String? {
        while true {
            let bytes = unread
            let limit = 1 << 24
            if let header = try FrameHeader.parse(
                bytes.span,
                role: .client,
                maximumPayload: limit,
                maximumDeflated: limit
            ),
                unread.count >= header.encodedLength + header.payloadLength
            {
                let payload = Array(unread[header.encodedLength..<header.encodedLength + header.payloadLength])
                unread.removeFirst(header.encodedLength + header.payloadLength)
                if header.isDeflated {
                    let inflater = Inflater(windowBits: 15, takesOver: false)
                    var text: [UInt8] = []
                    try inflater.inflate(payload.span, to: &text, limit: limit)
                    try inflater.endMessage(to: &text, limit: limit)
                    return "deflated \(String(decoding: text, as: UTF8.self))"
                }
                if header.opcode == .close {
                    return "close \(payload.count < 2 ? 1005 : Int(payload[0]) << 8 | Int(payload[1]))"
                }
                return header.opcode == .text
                    ? String(decoding: payload, as: UTF8.self) : "\(header.opcode) \(payload)"
            }
            guard try fill() else { return nil }
        }
    }

    private func fill() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        if count == 0 || count < 0 && errno == ECONNRESET { return false }
        guard count > 0 else { throw Failure(description: "nothing came: \(errno)") }
        unread += buffer[..<count]
        return true
    }
}
