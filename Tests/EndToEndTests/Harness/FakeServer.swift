import Foundation

/// Something that listens where a server should be and does as a test wants: for the answers that `scad` never gives.
final class FakeServer: Sendable {
    let port: Int
    private let listener: Socket

    var url: String { "ws://127.0.0.1:\(port)" }

    /// - Parameter answer: runs on a thread of its own for each connection; the socket is closed when it returns.
    init(on stage: Stage, _ answer: @escaping @Sendable (Socket) -> Void) throws {
        (listener, port) = try Socket.listener()
        let listener = listener
        Thread.detachNewThread {
            while let peer = listener.next() { Thread.detachNewThread { answer(peer) } }
        }
        stage.atEnd { listener.shut() }
    }

    /// Answers every request with this status.
    ///
    /// - Parameter fields: header lines, each with its end.
    static func http(
        _ status: String,
        _ body: String = "",
        fields: String = "",
        on stage: Stage
    ) throws -> FakeServer {
        try FakeServer(on: stage) { peer in
            _ = peer.readHead()
            let head = "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n"
            peer.write(Array((head + fields + "\r\n" + body).utf8))
        }
    }

    /// Opens the WebSocket, in the base dialect, sends these bytes, and waits for the client to go.
    static func webSocket(_ bytes: [UInt8], on stage: Stage) throws -> FakeServer {
        try FakeServer(on: stage) { peer in
            peer.accept(peer.readHead())
            peer.write(bytes)
            peer.drain()
        }
    }
}

extension Socket {
    /// Answers an upgrade, by RFC 6455, section 4.2.2.
    func accept(_ head: String) {
        let key = head.firstMatch(of: /(?i)sec-websocket-key: *([^\r]*)/)?.output.1 ?? ""
        let digest = SHA1.digest(Array("\(key)258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8))
        let answer = Data(digest).base64EncodedString()
        write(
            Array(
                """
                HTTP/1.1 101 Switching Protocols\r
                Connection: Upgrade\r
                Upgrade: websocket\r
                Sec-WebSocket-Accept: \(answer)\r
                \r

                """.utf8
            )
        )
    }
}
