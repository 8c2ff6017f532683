internal import NIOCore
internal import NIOEmbedded
internal import SCACore
internal import Testing

@testable internal import SCAClient

/// Frames over an upgraded connection, on an embedded channel.
struct WebSocketConnectionTests {
    private final class Wire {
        let channel = EmbeddedChannel()
        let connection: WebSocketConnection
        private(set) var batches: [[Incoming]] = []
        private(set) var lost: [ClientError] = []
        private var parser = FrameParser(role: .server, maximumMessage: 1 << 20)

        init() throws {
            var heard: (([Incoming]) -> Void)?
            var ended: ((ClientError) -> Void)?
            connection = WebSocketConnection(
                endpoint: .local,
                owner: WebSocketConnection.Owner(received: { heard?($1) }, lost: { ended?($1) })
            )
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
            connection.attach(channel)
            try channel.pipeline.syncOperations.addHandler(connection)
            heard = { [unowned self] in batches.append($0) }
            ended = { [unowned self] in lost.append($0) }
        }

        func receive(_ bytes: [UInt8]) throws {
            try channel.writeInbound(ByteBuffer(bytes: bytes))
        }

        func receive(_ frames: ServerFrame...) throws {
            try receive(frames.flatMap { WebSocketFrame.encode(.text, payload: FrameEncoder.encode($0)) })
        }

        /// The writes since the last look, each as the events that are in it.
        func writes() throws -> [[WebSocketEvent]] {
            var writes: [[WebSocketEvent]] = []
            while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
                var bytes = Array(buffer.readableBytesView)
                var span = bytes.mutableSpan
                var events: [WebSocketEvent] = []
                try parser.consume(&span) { kind, payload in
                    events.append(WebSocketEvent(kind, payload))
                    return .proceed
                }
                writes.append(events)
            }
            return writes
        }
    }

    private func text(_ frame: ClientFrame) -> WebSocketEvent {
        .text(FrameEncoder.encode(frame))
    }

    @Test func batchLeavesInOneWrite() throws {
        let wire = try Wire()
        wire.connection.append(.ping)
        wire.connection.append(.getOnlineUsers)
        #expect(try wire.writes() == [])
        #expect(wire.connection.flush())
        #expect(try wire.writes() == [[text(.ping), text(.getOnlineUsers)]])
        #expect(!wire.connection.flush())
    }

    @Test func everyFrameHasAKeyOfItsOwn() throws {
        let wire = try Wire()
        for _ in 0..<50 { wire.connection.append(.ping) }
        wire.connection.flush()
        let bytes = Array(try #require(try wire.channel.readOutbound(as: ByteBuffer.self)).readableBytesView)
        let length = bytes.count / 50
        let keys = Set((0..<50).map { Array(bytes[$0 * length + 2..<$0 * length + 6]) })
        #expect(keys.count >= 49)
        #expect(bytes[1] & 0x80 != 0)
    }

    @Test func oneReadIsHandedOverInOnePiece() throws {
        let wire = try Wire()
        try wire.receive(.pong, .onlineUsers([Words.bob], rev: nil))
        try wire.receive(.pong)
        #expect(wire.batches == [[.frame(.pong), .frame(.onlineUsers([Words.bob], rev: nil))], [.frame(.pong)]])
    }

    @Test func whatIsNotTheProtocolIsReportedAndSurvived() throws {
        let wire = try Wire()
        try wire.receive(WebSocketFrame.encode(.text, payload: Array("{}".utf8)))
        try wire.receive(WebSocketFrame.encode(.binary, payload: [1, 2]))
        try wire.receive(.unknown(type: "x"))
        try wire.receive(.pong)
        let flat = wire.batches.flatMap { $0 }
        #expect(flat.count == 4)
        #expect(flat.last == .frame(.pong))
        #expect(flat.count { if case .bad = $0 { true } else { false } } == 3)
        #expect(wire.lost == [])
    }

    @Test func pingIsAnsweredWithItsPayload() throws {
        let wire = try Wire()
        try wire.receive(WebSocketFrame.encode(.ping, payload: [1, 2, 3]))
        #expect(try wire.writes() == [[.pong([1, 2, 3])]])
        #expect(wire.batches == [[]], "even a ping proves that the server lives")
    }

    @Test func closeOfTheServerIsAnsweredAndReportedAfterWhatCameBefore() throws {
        let wire = try Wire()
        let close = WebSocketFrame.encode(.close, payload: WebSocketFrame.closePayload(.draining))
        try wire.receive(WebSocketFrame.encode(.text, payload: FrameEncoder.encode(ServerFrame.pong)) + close)
        #expect(wire.batches == [[.frame(.pong)]])
        #expect(wire.lost.map(\.code) == [.draining])
        #expect(try wire.writes() == [[.close(.draining)]])
        #expect(wire.channel.isActive, "the server is to end TCP")
        wire.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!wire.channel.isActive, "but is not waited for longer than a second")
        #expect(wire.lost.count == 1)
    }

    @Test func ourCloseWaitsForTheAnswer() throws {
        let wire = try Wire()
        wire.connection.close(.normal)
        wire.connection.append(.ping)
        wire.connection.flush()
        #expect(try wire.writes() == [[.close(.normal)]])
        try wire.receive(.pong)
        #expect(wire.channel.isActive)
        try wire.receive(WebSocketFrame.encode(.close, payload: WebSocketFrame.closePayload(.normal)))
        #expect(!wire.channel.isActive)
        #expect(wire.lost.count == 1)
        #expect(wire.batches == [])
    }

    @Test func ourCloseWaitsForASecondAtMost() throws {
        let wire = try Wire()
        wire.connection.close(.normal)
        wire.channel.embeddedEventLoop.advanceTime(by: .milliseconds(999))
        #expect(wire.channel.isActive)
        wire.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!wire.channel.isActive)
        #expect(wire.lost.count == 1)
    }

    @Test(arguments: [
        ([0x81, 0x80, 1, 2, 3, 4], UInt16(1002), ClientError.Code.protocolError),
        ([0xC1, 0x00], 1002, .protocolError),
        ([0x81, 0x01, 0xFF], 1007, .protocolError),
        ([0x81, 0x7F, 0, 0, 0, 0, 0x7F, 0, 0, 0], 1009, .tooLarge),
    ])
    func breachOfTheStandardEndsTheConnection(bytes: [UInt8], code: UInt16, error: ClientError.Code) throws {
        let wire = try Wire()
        try wire.receive(.pong)
        try wire.receive(bytes)
        #expect(wire.batches.flatMap { $0 } == [.frame(.pong)])
        guard case .close(let reason) = try wire.writes().first?.first else { return #expect(Bool(false), "no close") }
        #expect(reason.code == code)
        #expect(wire.lost.map(\.code) == [error])
        #expect(!wire.channel.isActive)
    }

    @Test(arguments: [
        (UInt16(1000), ClientError.Code.connectionLost), (1001, .draining), (1002, .protocolError),
        (1003, .protocolError),
        (1007, .protocolError), (1008, .unauthorized), (1009, .tooLarge), (1011, .connectionLost), (1012, .draining),
        (1013, .rateLimited), (4000, .connectionLost), (4999, .connectionLost),
    ])
    func everyCloseCodeHasItsMeaning(code: UInt16, expected: ClientError.Code) throws {
        let error = WebSocketConnection.error(CloseReason(code: code, reason: "why\u{7}"), .local)
        #expect(error.code == expected)
        #expect(error.message.contains("\(code): why?"))
        let lasts: Set<ClientError.Code> = [.protocolError, .unauthorized, .tooLarge]
        #expect(error.isTemporary == !lasts.contains(expected))
    }

    @Test func endOfTheChannelIsReportedOnce() throws {
        let wire = try Wire()
        wire.channel.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "read"))
        #expect(wire.lost.map(\.code) == [.connectionLost])
        #expect(!wire.channel.isActive)
        #expect(wire.lost.count == 1)
    }

    @Test func droppedConnectionIsSilent() throws {
        let wire = try Wire()
        wire.connection.drop()
        #expect(!wire.channel.isActive)
        #expect(wire.lost == [])
    }

    @Test func connectionDroppedWhileDialingClosesItsChannel() throws {
        let channel = EmbeddedChannel()
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        let owner = WebSocketConnection.Owner(received: { _, _ in }, lost: { _, _ in })
        let connection = WebSocketConnection(endpoint: .local, owner: owner)
        connection.drop()
        connection.attach(channel)
        channel.embeddedEventLoop.run()
        #expect(!channel.isActive)
    }
}
