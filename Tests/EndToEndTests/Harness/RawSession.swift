import Foundation

/// A session of the v2 dialect without a program behind it, so that there can be a thousand. It asks for no presence, and is
/// online until it is released.
final class RawSession: Sendable {
    private let socket: Socket

    /// Sends the request and does not wait for the answer.
    init(_ mobile: String, port: Int) throws {
        socket = try Socket(port: port)
        socket.write(
            Array(
                """
                GET /ws/\(mobile)?presence=none HTTP/1.1\r
                Host: 127.0.0.1\r
                Connection: Upgrade\r
                Upgrade: websocket\r
                Sec-WebSocket-Version: 13\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                Sec-WebSocket-Protocol: sca.v2\r
                \r

                """.utf8
            )
        )
    }

    convenience init(_ mobile: String, on server: Server) throws { try self.init(mobile, port: server.port) }

    /// Waits for the answer.
    ///
    /// - Throws: `Failure` unless it is let in.
    func open() throws {
        let head = socket.readHead()
        guard head.hasPrefix("HTTP/1.1 101 ") else { throw Failure("not let in: \(head)") }
    }

    /// Reads until a text comes that has these words, or the connection ends.
    func hears(_ words: String) -> Bool { next { $0.opcode == 0x1 && $0.text.contains(words) } != nil }

    /// Reads until a close frame comes (RFC 6455, section 5.5.1).
    ///
    /// - Returns: its code; nil if the connection ends without one.
    func closeCode() -> Int? { next { $0.opcode == 0x8 }?.payload.prefix(2).reduce(0) { $0 << 8 | Int($1) } }

    /// Sends a text of up to 125 bytes, masked with zeros.
    func say(_ text: String) {
        socket.write([0x81, 0x80 | UInt8(text.utf8.count), 0, 0, 0, 0] + Array(text.utf8))
    }

    private struct Frame {
        let opcode: UInt8
        let payload: ArraySlice<UInt8>
        var text: String { String(decoding: payload, as: UTF8.self) }
    }

    private func next(where isWanted: (Frame) -> Bool) -> Frame? {
        while let frame = next() { if isWanted(frame) { return frame } }
        return nil
    }

    private func next() -> Frame? {
        guard let head = socket.read(2) else { return nil }
        var size = Int(head[1])
        if size >= 126 {
            guard let long = socket.read(size == 126 ? 2 : 8) else { return nil }
            size = long.reduce(0) { $0 << 8 | Int($1) }
        }
        return socket.read(size).map { Frame(opcode: head[0] & 0xF, payload: $0[...]) }
    }

    /// Opens many at once.
    static func open(_ mobiles: [String], on server: Server) async throws -> [RawSession] {
        try await open(mobiles, port: server.port)
    }

    static func open(_ mobiles: [String], port: Int) async throws -> [RawSession] {
        try await blocking {
            let sessions = try mobiles.map { try RawSession($0, port: port) }
            for session in sessions { try session.open() }
            return sessions
        }
    }
}
