internal import NIOCore
internal import NIOEmbedded
internal import SCACore
internal import Testing

@testable internal import SCAClient

/// The upgrade byte by byte, over an embedded channel.
struct UpgradeTests {
    /// A channel that has asked, what it asked, and what comes of it.
    private final class Upgrade {
        let channel = EmbeddedChannel()
        let request: String
        let result: EventLoopFuture<Dialect>
        private(set) var received: [Incoming] = []
        private(set) var lost: ClientError?
        private(set) var outcome: Result<Dialect, ClientError>?
        private(set) var receivedAtOutcome = 0

        init(_ configuration: ClientConfiguration = Words.configuration()) throws {
            let promise = channel.eventLoop.makePromise(of: Dialect.self)
            result = promise.futureResult
            var heard: (([Incoming]) -> Void)?
            var ended: ((ClientError) -> Void)?
            let owner = WebSocketConnection.Owner(received: { heard?($1) }, lost: { ended?($1) })
            let connection = WebSocketConnection(endpoint: configuration.endpoint, owner: owner)
            let dialer = Dialer(endpoint: configuration.endpoint, timeout: .seconds(1))
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
            try WebSocketTransport.addHandlers(
                to: channel,
                UpgradeRequest(configuration, sendsReceipts: true, explain: { dialer.explain($0) }),
                connection,
                promise
            )
            var text = ""
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
            request = text
            heard = { [unowned self] in received += $0 }
            ended = { [unowned self] in lost = $0 }
            result.assumeIsolated().whenComplete { [unowned self] result in
                receivedAtOutcome = received.count
                outcome = result.mapError { ($0 as? ClientError) ?? ClientError(.closed, "\($0)") }
            }
        }

        /// - Parameter hangsUp: whether the end is read with the bytes, before the loop does anything else.
        func answer(_ bytes: [UInt8], hangsUp: Bool = false) {
            // What the pipeline makes of it is looked at below; an error that nobody took would be thrown here.
            _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
            if hangsUp { channel.pipeline.fireChannelInactive() }
            channel.embeddedEventLoop.run()
        }

        var error: ClientError? {
            if case .failure(let error) = outcome { error } else { nil }
        }

        var dialect: Dialect? {
            if case .success(let dialect) = outcome { dialect } else { nil }
        }
    }

    @Test func requestIsWhatTheProtocolSays() throws {
        let upgrade = try Upgrade(
            Words.configuration {
                $0.endpoint.basePath = "/chat"
                $0.isVisible = false
                $0.presence = .all
            }
        )
        let lines = upgrade.request.split(separator: "\r\n")
        #expect(lines.first == "GET /chat/ws/9000000001?presence=all&visible=0 HTTP/1.1")
        #expect(Handshake.header("Host", in: upgrade.request) == "127.0.0.1:8080")
        #expect(Handshake.header("Upgrade", in: upgrade.request) == "websocket")
        #expect(Handshake.header("Connection", in: upgrade.request) == "Upgrade")
        #expect(Handshake.header("Sec-WebSocket-Version", in: upgrade.request) == "13")
        #expect(Handshake.header("Sec-WebSocket-Protocol", in: upgrade.request) == "sca.v2")
        #expect(Handshake.header("Sec-WebSocket-Key", in: upgrade.request)?.count == 24)
        let other = try Upgrade()
        #expect(
            Handshake.header("Sec-WebSocket-Key", in: upgrade.request)
                != Handshake.header("Sec-WebSocket-Key", in: other.request)
        )
    }

    @Test func shaOfTheHandshakeIsThatOfTheStandard() {
        // RFC 6455, section 1.3.
        #expect(Handshake.acceptKey("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test(arguments: [(String?.none, Dialect.base), ("sca.v2", .v2)])
    func serverSelectsTheDialect(subprotocol: String?, dialect: Dialect) throws {
        let upgrade = try Upgrade()
        upgrade.answer(Handshake.accept(upgrade.request, subprotocol: subprotocol))
        #expect(upgrade.dialect == dialect)
    }

    @Test func compressionIsOfferedOnlyIfAskedForAndTheAnswerIsBinding() throws {
        let plain = try Upgrade()
        #expect(Handshake.header("Sec-WebSocket-Extensions", in: plain.request) == nil)

        let name = "Sec-WebSocket-Extensions"
        let answers = [
            "permessage-deflate": true, "permessage-deflate; client_max_window_bits=9": true,
            "permessage-deflate; client_max_window_bits": false, "permessage-bzip2": false,
        ]
        for (answer, isRight) in answers {
            let upgrade = try Upgrade(Words.configuration { $0.offersCompression = true })
            let offer = Handshake.header(name, in: upgrade.request)
            #expect(offer == "permessage-deflate; client_no_context_takeover; client_max_window_bits")
            // Behind the status line.
            let accept = String(decoding: Handshake.accept(upgrade.request, subprotocol: nil), as: UTF8.self)
            let lines = accept.split(separator: "\r\n", maxSplits: 1)
            let head = "\(lines[0])\r\n\(name): \(answer)\r\n\(lines[1])"
            let pong = Array(#"{"type":"pong"}"#.utf8)
            let deflated = Deflater(windowBits: 9, skipsHopeless: false)?.deflate(pong.span)
            let payload = try #require(deflated)
            var frame: [UInt8] = []
            WebSocketFrame.append(.text, deflated: payload.span, to: &frame)
            upgrade.answer(Array(head.utf8) + frame)
            #expect(upgrade.dialect == (isRight ? .base : nil), "\(answer)")
            #expect(upgrade.received == (isRight ? [.frame(.pong)] : []))
            #expect(upgrade.error?.code == (isRight ? nil : .invalidServer))
        }
    }

    @Test(arguments: [1, 2, 7, 1_000])
    func framesBehindTheAnswerArriveHoweverTheBytesAreCut(size: Int) throws {
        let upgrade = try Upgrade()
        let frames: [ServerFrame] = [.hello(Words.hello), .onlineUsers([Words.bob], rev: 3), .pong]
        var bytes = Handshake.accept(upgrade.request, subprotocol: "sca.v2")
        for frame in frames { bytes += WebSocketFrame.encode(.text, payload: FrameEncoder.encode(frame)) }
        for start in stride(from: 0, to: bytes.count, by: size) {
            upgrade.answer(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        #expect(upgrade.dialect == .v2)
        #expect(upgrade.received == frames.map { .frame($0) })
        #expect(upgrade.receivedAtOutcome == 0, "the owner hears of the upgrade before it hears frames")
    }

    @Test(arguments: [true, false])
    func framesAndGoodbyeBehindTheAnswerCountThoughTheServerHangsUpAtOnce(saysGoodbye: Bool) throws {
        let upgrade = try Upgrade()
        var bytes = Handshake.accept(upgrade.request, subprotocol: "sca.v2")
        bytes += WebSocketFrame.encode(.text, payload: FrameEncoder.encode(.hello(Words.hello)))
        let goodbye = WebSocketFrame.closePayload(CloseReason(code: 1008, reason: "the token has ended"))
        if saysGoodbye { bytes += WebSocketFrame.encode(.close, payload: goodbye) }
        upgrade.answer(bytes, hangsUp: true)
        #expect(upgrade.dialect == .v2)
        #expect(upgrade.received == [.frame(.hello(Words.hello))])
        #expect(upgrade.lost?.code == (saysGoodbye ? .unauthorized : .connectionLost))
    }

    @Test func pingBehindTheAnswerIsAnswered() throws {
        let upgrade = try Upgrade()
        upgrade.answer(
            Handshake.accept(upgrade.request, subprotocol: nil)
                + WebSocketFrame.encode(.ping, payload: Array("hi".utf8))
        )
        let bytes = try #require(try upgrade.channel.readOutbound(as: ByteBuffer.self))
        #expect(bytes.getInteger(at: 0, as: UInt8.self) == 0x8A)
    }

    @Test func wrongAnswerToTheKeyIsRefused() throws {
        let upgrade = try Upgrade()
        upgrade.answer(Handshake.accept("Sec-WebSocket-Key: another\r\n", subprotocol: nil))
        #expect(upgrade.error?.code == .invalidServer)
        #expect(!upgrade.channel.isActive)
    }

    @Test(arguments: ["sca.v3", "chat, sca.v2"])
    func subprotocolThatWasNotOfferedIsRefused(subprotocol: String) throws {
        let upgrade = try Upgrade()
        upgrade.answer(Handshake.accept(upgrade.request, subprotocol: subprotocol))
        #expect(upgrade.error?.code == .invalidServer)
    }

    @Test(arguments: [
        (400, #"{"error":{"code":"invalid_mobile","message":"a mobile is digits"}}"#, ClientError.Code.usage),
        (400, "what?", .protocolError),
        (401, #"{"error":{"code":"unauthorized","message":"no token"}}"#, .unauthorized),
        (403, "", .unauthorized),
        (404, "<html>", .invalidServer),
        (200, #"{"hello":1}"#, .invalidServer),
        (429, "", .rateLimited),
        (503, #"{"error":{"code":"draining","message":"server is draining"}}"#, .draining),
        (503, #"{"error":{"code":"rate_limited","message":"the server has 9 connections"}}"#, .rateLimited),
        (502, "", .unreachable),
        (302, "", .handshakeFailed),
    ])
    func refusalIsExplained(status: Int, body: String, code: ClientError.Code) throws {
        let upgrade = try Upgrade()
        upgrade.answer(Handshake.refuse(status, body))
        let error = try #require(upgrade.error)
        #expect(error.code == code)
        if body.contains("message") {
            let sentence = body.split(separator: "\"")
            #expect(error.message.hasSuffix(String(sentence[sentence.count - 2])), "\(error)")
        } else {
            #expect(error.message.contains("HTTP \(status)"))
        }
        #expect(!upgrade.channel.isActive)
    }

    @Test(arguments: [
        (429, "7", Duration.seconds(7)), (503, "120", .seconds(120)), (503, "0", .zero), (429, nil, nil),
        (429, "", nil),
        (503, "-1", nil), (503, "soon", nil), (503, "Fri, 31 Dec 1999 23:59:59 GMT", nil), (503, "9999999999", nil),
    ])
    func serverSaysWhenToComeBack(status: Int, retryAfter: String?, expected: Duration?) throws {
        let upgrade = try Upgrade()
        upgrade.answer(Handshake.refuse(status, "", retryAfter: retryAfter))
        let error = try #require(upgrade.error)
        #expect(error.retryAfter == expected)
        #expect(error.isTemporary)
        if let expected { #expect(error.hint == "try again in \(expected.shortText)") }
    }

    @Test func sentenceOfARefusalCannotReachTheTerminal() throws {
        let upgrade = try Upgrade()
        upgrade.answer(Handshake.refuse(403, #"{"error":{"code":"x","message":"\u001b[2Jgone"}}"#))
        #expect(upgrade.error?.message.hasSuffix("?[2Jgone") == true)
    }

    @Test func longBodyOfARefusalIsCutAndNotAwaited() throws {
        let upgrade = try Upgrade()
        let head = "HTTP/1.1 500 No\r\nContent-Length: 1000000\r\n\r\n"
        upgrade.answer(Array(head.utf8) + [UInt8](repeating: 0x61, count: 8_191))
        #expect(upgrade.outcome == nil)
        upgrade.answer([0x61, 0x61])
        #expect(upgrade.error?.code == .unreachable)
    }

    @Test func bodyThatEndsEarlyStillExplains() throws {
        let upgrade = try Upgrade()
        upgrade.answer(Array("HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\npart".utf8))
        upgrade.channel.close(promise: nil)
        upgrade.channel.embeddedEventLoop.run()
        #expect(upgrade.error?.code == .unauthorized)
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "\u{16}\u{3}\u{1}\u{0}", "HTTP/9.9 banana\r\n\r\n"])
    func whatIsNotHTTPIsNoServer(bytes: String) throws {
        let upgrade = try Upgrade()
        upgrade.answer(Array(bytes.utf8))
        #expect(upgrade.error?.code == .invalidServer)
        #expect(!upgrade.channel.isActive)
    }

    @Test func headWithoutAnEndIsRefused() throws {
        let upgrade = try Upgrade()
        upgrade.answer(Array("HTTP/1.1 101 Switching Protocols\r\n".utf8))
        for number in 0..<200 where upgrade.outcome == nil {
            upgrade.answer(Array("X-\(number): \(String(repeating: "a", count: 100))\r\n".utf8))
        }
        #expect(upgrade.error?.code == .invalidServer)
        #expect(upgrade.error?.message.contains("16384") == true)
    }

    @Test func endWithoutAnAnswerIsALostConnection() throws {
        let upgrade = try Upgrade()
        upgrade.channel.close(promise: nil)
        upgrade.channel.embeddedEventLoop.run()
        #expect(upgrade.error?.code == .connectionLost)
    }

    @Test func connectionThatWasDroppedWhileDialingIsNotUpgraded() throws {
        let channel = EmbeddedChannel()
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        let owner = WebSocketConnection.Owner(received: { _, _ in }, lost: { _, _ in })
        let connection = WebSocketConnection(endpoint: .local, owner: owner)
        let promise = channel.eventLoop.makePromise(of: Dialect.self)
        let dialer = Dialer(endpoint: .local, timeout: .seconds(1))
        let request = UpgradeRequest(Words.configuration(), sendsReceipts: true, explain: { dialer.explain($0) })
        connection.drop()
        try WebSocketTransport.addHandlers(to: channel, request, connection, promise)
        channel.embeddedEventLoop.run()
        #expect(!channel.isActive)
        #expect(throws: ClientError.self) { try promise.futureResult.wait() }
    }
}
