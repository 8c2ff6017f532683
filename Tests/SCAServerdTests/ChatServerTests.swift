import Logging
import SCACore
import SCAServerd
import Testing

let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A server in this process, on a port of its own, that is stopped when the body is done.
func withServer(
    logger: Logger = silent,
    _ change: (inout ServerConfiguration) -> Void = { _ in },
    _ body: (ChatServer, Int) async throws -> Void
) async throws {
    var configuration = ServerConfiguration()
    configuration.port = 0
    configuration.drainWindow = .milliseconds(100)
    // A machine that is busy with other tests may keep a client waiting for long.
    configuration.handshakeTimeout = .seconds(600)
    change(&configuration)
    let server = ChatServer(configuration: configuration, logger: logger)
    let port = try await server.start()
    do {
        try await body(server, port)
    } catch {
        await server.stop()
        throw error
    }
    await server.stop()
}

/// Over loopback: bytes in, bytes out. One at a time: the sockets block the threads that tests share.
@Suite(.serialized) struct ChatServerTests {
    private func health(_ port: Int) throws -> String {
        let client = try RawClient(port: port)
        try client.send("GET /health HTTP/1.1\r\nHost: test\r\n\r\n")
        return try client.readToEnd()
    }

    @Test func theUpgradeIsAnsweredAsTheStandardSays() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            try client.send(RawClient.upgrade("/ws/9876543210", protocols: "sca.v2"))
            let head = try client.readHead()
            #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
            #expect(head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "RFC 6455, section 1.3")
            #expect(head.contains("Sec-WebSocket-Protocol: sca.v2\r\n"))
            #expect(try client.frame()?.hasPrefix(#"{"type":"hello","server":"scad/"#) == true)
        }
    }

    @Test func aBaseClientIsOfferedNoSubprotocol() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            try client.send(RawClient.upgrade("/ws/9876543210", protocols: "chat"))
            #expect(!(try client.readHead().contains("Sec-WebSocket-Protocol")))
            #expect(try client.frame() == #"{"type":"online_users","users":["9876543210"]}"#)
        }
    }

    @Test func framesThatFollowTheRequestAtOnceAreNotLost() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            let ping = WebSocketFrame.encode(.text, payload: Array(#"{"type":"ping"}"#.utf8), maskingKey: 7)
            try client.send(Array(RawClient.upgrade("/ws/9876543210").utf8) + ping)
            _ = try client.readHead()
            #expect(try [client.frame(), client.frame()].contains(#"{"type":"pong"}"#))
        }
    }

    @Test func aFrameInPiecesIsPutTogether() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            try client.open("/ws/9876543210")
            _ = try client.frame()
            for byte in WebSocketFrame.encode(.text, payload: Array(#"{"type":"ping"}"#.utf8), maskingKey: 7) {
                try client.send([byte])
            }
            #expect(try client.frame() == #"{"type":"pong"}"#)
        }
    }

    @Test(arguments: [1, 2, 4])
    func twoPeopleTalkOnAnyNumberOfLoops(threads: Int) async throws {
        try await withServer({ $0.threads = threads }) { _, port in
            let bob = try RawClient(port: port)
            try bob.open("/ws/9876543211")
            _ = try bob.frame()
            let alice = try RawClient(port: port)
            try alice.open("/ws/9876543210?visible=0&presence=none", protocols: "sca.v2")
            _ = try alice.frame()
            for number in 0..<100 {
                try alice.sendFrame(#"{"type":"message","to":"9876543211","text":"\#(number)","id":"m\#(number)"}"#)
            }
            for number in 0..<100 {
                #expect(
                    try alice.frame()
                        == #"{"type":"ack","id":"m\#(number)","to":"9876543211","sessions":1,"receipts":0}"#
                )
                #expect(try bob.frame() == #"{"type":"message","from":"9876543210","text":"\#(number)"}"#)
            }
        }
    }

    @Test func healthHasExactlyItsTwoKeys() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            try client.open("/ws/9876543210")
            _ = try client.frame()
            let answer = try health(port)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains(/\r\nDate: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\r\n/))
            #expect(answer.hasSuffix("\r\n\r\n" + #"{"status":"ok","connections":1}"#))
        }
    }

    @Test func refusalsCarryTheirCode() async throws {
        try await withServer({ $0.sessionsPerMobile = 1 }) { _, port in
            let bad = try RawClient(port: port)
            try bad.send(RawClient.upgrade("/ws/12345"))
            let answer = try bad.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.contains(#"{"error":{"code":"invalid_mobile","message":"#))

            let first = try RawClient(port: port)
            try first.open("/ws/9876543210")
            _ = try first.frame()
            let second = try RawClient(port: port)
            try second.send(RawClient.upgrade("/ws/9876543210"))
            let refusal = try second.readToEnd()
            #expect(refusal.hasPrefix("HTTP/1.1 429 "))
            #expect(refusal.contains(#""code":"rate_limited""#))
        }
    }

    @Test func whatIsNotHTTPIsRefused() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            try client.send("rubbish\r\n\r\n")
            #expect(try client.readToEnd().hasPrefix("HTTP/1.1 400 "))
            #expect(try health(port).contains("ok"))
        }
    }

    @Test func anEndlessHeadIsCutOff() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            try client.send("GET /ws/9876543210 HTTP/1.1\r\nX: " + String(repeating: "x", count: 9_000))
            #expect(try client.readToEnd().hasPrefix("HTTP/1.1 431 "))
        }
    }

    @Test func aHandshakeThatIsNotFinishedInTimeIsClosed() async throws {
        try await withServer({ $0.handshakeTimeout = .seconds(2) }) { _, port in
            let client = try RawClient(port: port)
            try client.send("GET /ws/9876543210 HTTP/1.1\r\n")
            #expect(try client.readToEnd() == "")
            let open = try RawClient(port: port)
            try open.open("/ws/9876543210")
            _ = try open.frame()
        }
    }

    @Test func aGoodbyeIsAnswered() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            try client.open("/ws/9876543210")
            _ = try client.frame()
            try client.send(WebSocketFrame.encode(.close, payload: [0x03, 0xE8], maskingKey: 1))
            #expect(try client.frame() == "close 1000")
            #expect(try client.frame() == nil)
        }
    }

    /// Caddy before 2.6.3 puts such a frame into each session when it is reloaded. Taken for a breach, it would be answered by 1002,
    /// and whoever hears that does not come back.
    @Test func aProxysGoodbyeWithoutAMaskIsAnsweredLikeAnyOther() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            try client.open("/ws/9876543210")
            _ = try client.frame()
            try client.send([0x88, 0x02, 0x03, 0xE9])
            #expect(try client.frame() == "close 1001")
            #expect(try client.frame() == nil)
        }
    }

    @Test(arguments: [
        (1002, [UInt8]([0x81, 0x00])), (1002, [0xC1, 0x80, 0, 0, 0, 0]), (1007, [0x81, 0x81, 0, 0, 0, 0, 0xFF]),
        (1009, [0x81, 0xFF, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0]),
    ])
    func violationsCloseTheSessionWithTheirCode(code: Int, bytes: [UInt8]) async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            try client.open("/ws/9876543210")
            _ = try client.frame()
            try client.send(bytes)
            #expect(try client.frame() == "close \(code)")
        }
    }

    @Test func badFramesAreAnsweredAndTheSessionLives() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            try client.open("/ws/9876543210")
            _ = try client.frame()
            for bad in ["rubbish", #"{"type":7}"#, #"{"type":"dance"}"#, #"{"type":"message","to":"1","text":""}"#] {
                try client.sendFrame(bad)
                #expect(try client.frame()?.hasPrefix(#"{"type":"error","code":"#) == true)
            }
            try client.send(WebSocketFrame.encode(.binary, payload: [1, 2], maskingKey: 9))
            #expect(try client.frame()?.contains("invalid_frame") == true)
            try client.sendFrame(#"{"type":"ping"}"#)
            #expect(try client.frame() == #"{"type":"pong"}"#)
        }
    }

    /// A client that was gone before its first write, of the 101 or of a frame, left its session behind.
    @Test func clientsThatVanishLeaveNoSession() async throws {
        try await withServer { _, port in
            for number in 0..<50 {
                let client = try RawClient(port: port)
                try client.send(RawClient.upgrade("/ws/98765432\(10 + number)"))
                client.reset()
            }
            let deadline = ContinuousClock.now + .seconds(60)
            var answer = ""
            while !answer.hasSuffix(#""connections":0}"#), ContinuousClock.now < deadline { answer = try health(port) }
            #expect(answer.hasSuffix(#""connections":0}"#))
        }
    }

    @Test func drainTellsEveryoneAndLetsNobodyIn() async throws {
        try await withServer({ $0.drainWindow = .seconds(5) }) { server, port in
            let clients = try (0..<4).map { number in
                let client = try RawClient(port: port)
                try client.open("/ws/987654321\(number)")
                return client
            }
            async let drained: Void = server.drain()
            var answer = ""
            while !answer.contains("503") {
                await Task.yield()
                answer = try health(port)
            }
            #expect(answer.hasPrefix("HTTP/1.1 503 "))
            #expect(answer.contains(#"{"status":"draining","connections":"#))
            let late = try RawClient(port: port)
            try late.send(RawClient.upgrade("/ws/9999999999"))
            #expect(try late.readToEnd().contains(#""code":"draining""#))
            for client in clients {
                var last = try client.frame()
                while let frame = last, !frame.hasPrefix("close") { last = try client.frame() }
                #expect(last == "close 1001")
            }
            await drained
        }
    }

    @Test func aTakenPortIsAClearSentence() async throws {
        try await withServer { _, port in
            var configuration = ServerConfiguration()
            configuration.port = port
            let second = ChatServer(configuration: configuration, logger: silent)
            let error = await #expect(throws: ServerError.self) { _ = try await second.start() }
            #expect(error?.message == "127.0.0.1:\(port) is in use")
            #expect(error?.hint == "stop the other program, or choose another port with --port")
        }
    }

    @Test func whoNeverReadsDoesNotHoldUpTheOthers() async throws {
        try await withServer({
            $0.limits = WireLimits(textBytes: 16_384)
            $0.outboxBytes = 1 << 17
            // Long enough that somebody writes to it meanwhile, on a busy machine too.
            $0.stallTimeout = .seconds(2)
        }) { _, port in
            let lazy = try RawClient(port: port)
            try lazy.open("/ws/9876543211")
            _ = try lazy.frame()
            let alice = try RawClient(port: port)
            try alice.open("/ws/9876543210?visible=0&presence=none", protocols: "sca.v2")
            _ = try alice.frame()
            let text = String(repeating: "x", count: 16_000)
            var isBusy = false
            var isGone = false
            var number = 0
            let deadline = ContinuousClock.now + .seconds(300)
            while !isGone, ContinuousClock.now < deadline {
                number += 1
                try alice.sendFrame(#"{"type":"message","to":"9876543211","text":"\#(text)","id":"m\#(number)"}"#)
                let answer = try alice.frame() ?? ""
                if answer.contains("recipient_busy") { isBusy = true }
                if answer.contains("recipient_offline") { isGone = true }
            }
            #expect(isBusy, "the outbox is bounded")
            #expect(isGone, "who stays full is closed")
        }
    }
}
