import NIOCore
import NIOEmbedded
import SCACore
import Testing

@testable import SCAServerd

@Suite struct HubLoopTests {
    private func path(_ number: Int) -> String { "/ws/\(9_000_000_000 + number)" }

    private func pings(_ count: Int) -> ByteBuffer {
        let ping = WebSocketFrame.encode(.ping, payload: [1], maskingKey: 7)
        return ByteBuffer(bytes: Array(repeating: ping, count: count).flatMap { $0 })
    }

    @Test func silenceIsMeasuredByTheLoopsOwnClock() throws {
        var configuration = ServerConfiguration()
        configuration.pingTimeout = .seconds(30)
        configuration.cleanupInterval = .seconds(1)
        let server = VirtualLoop(configuration)
        let channel = try server.connect(path(1))
        server.eventLoop.advanceTime(by: .seconds(29))
        #expect(server.directory.sessionCount == 1, "another clock, which has run for longer, would have ended it")
        server.eventLoop.advanceTime(by: .seconds(3))
        #expect(server.directory.sessionCount == 0)
        server.eventLoop.advanceTime(by: .seconds(3))
        #expect(!channel.isActive)
    }

    @Test func aCrowdIsToldOfAChangeInTurnsAndAllOfItInTheEnd() throws {
        let server = VirtualLoop()
        let crowd = try (0..<300).map { try server.connect(path($0), protocols: "sca.v2") }
        server.eventLoop.advanceTime(by: .seconds(10))
        for channel in crowd { _ = try server.takeOutput(of: channel) }
        _ = try server.connect(path(300))
        let first = try crowd.filter { try !server.takeOutput(of: $0).isEmpty }
        #expect(first.count > 0 && first.count < crowd.count, "the rest waits until the sockets have been looked at")
        server.eventLoop.advanceTime(by: .seconds(1))
        let rest = try crowd.filter { try !server.takeOutput(of: $0).isEmpty }
        #expect(first.count + rest.count == crowd.count, "each is told once")
    }

    /// The list stands for a change that its reader was not told.
    @Test func aDeltaNeverTakesThePlaceOfAListThatWaits() throws {
        let server = VirtualLoop()
        let reader = try server.connect(path(0), protocols: "sca.v2")
        let sender = try server.connect(path(1) + "?presence=none&visible=0", protocols: "sca.v2")
        var revs = try server.takeOutput(of: reader).revs
        let kernel = FullKernel()
        try reader.pipeline.syncOperations.addHandler(kernel, position: .first)
        // A delta is being written, behind it messages for more than one write, then a list.
        _ = try server.connect(path(2))
        let text = String(repeating: "x", count: 50_000)
        let message = Array(#"{"type":"message","to":"9000000000","text":"\#(text)"}"#.utf8)
        for _ in 0..<3 {
            try sender.writeInbound(ByteBuffer(bytes: WebSocketFrame.encode(.text, payload: message, maskingKey: 7)))
        }
        _ = try server.connect(path(3))
        server.eventLoop.advanceTime(by: .seconds(1))
        kernel.takeOne()
        _ = try server.connect(path(4))
        server.eventLoop.advanceTime(by: .seconds(1))
        while kernel.takeOne() { server.eventLoop.run() }
        revs += try server.takeOutput(of: reader).revs
        #expect(revs.last?.rev == 4, "\(revs)")
        for (last, next) in zip(revs, revs.dropFirst()) where !next.isList {
            #expect(next.rev == last.rev + 1, "\(revs)")
        }
    }

    @Test func muchMailIsReadInTurnsAndAllOfItInOrder() throws {
        let server = VirtualLoop()
        let crowd = try (0..<8).map { _ in try server.connect(path(1) + "?presence=none", protocols: "sca.v2") }
        let letters = try (0..<1_000).map { number in
            let frame = EncodedFrame(.text, payload: Array("\(number) ".utf8))
            return Hub.Letter.receipt(frame, to: try mobile(1), nil)
        }
        #expect(server.mailbox.post(letters))
        server.loop.readMail()
        let first = try server.takeOutput(of: crowd[0]).count
        #expect(first > 0 && first < 2_000, "the rest waits until the sockets have been looked at: \(first) bytes")
        // What comes meanwhile waits behind it.
        #expect(server.mailbox.post(letters))
        server.loop.readMail()
        #expect(try server.takeOutput(of: crowd[0]).isEmpty)
        server.eventLoop.advanceTime(by: .seconds(1))
        let all = letters.reduce(0) { if case .receipt(let frame, _, _) = $1 { $0 + frame.count } else { $0 } }
        #expect(try server.takeOutput(of: crowd[0]).count == 2 * all - first)
        #expect(server.mailbox.post([]), "the next post wakes the loop")
    }

    @Test func aCrowdThatLeavesIsClosedInTurnsAndAllOfItInTheEnd() throws {
        let server = VirtualLoop()
        let crowd = try (0..<100).map { try server.connect(path($0) + "?presence=none", protocols: "sca.v2") }
        for channel in crowd { channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        #expect(crowd.allSatisfy { $0.isActive }, "who left is only noted")
        server.eventLoop.advanceTime(by: .microseconds(300))
        let closed = crowd.filter { !$0.isActive }
        #expect(closed.count > 0 && closed.count < crowd.count)
        server.eventLoop.advanceTime(by: .milliseconds(10))
        #expect(!crowd.contains { $0.isActive })
        #expect(server.directory.sessionCount == 0 && server.loop.openChannels == 0)
    }

    /// NIO reads to the end once a client has shut its output, paused or not: that is no way round the rates.
    @Test func whatIsLeftBehindAShutOutputIsReadAtTheRate() throws {
        var configuration = ServerConfiguration()
        configuration.framesPerSecond = 100
        let server = VirtualLoop(configuration)
        let channel = try server.connect(path(1) + "?presence=none", protocols: "sca.v2")
        let piece = pings(200)
        for _ in 0..<10 { try channel.writeInbound(piece) }
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        let pong = EncodedFrame(.pong, payload: [1]).count
        var answered = try server.takeOutput(of: channel).count / pong
        #expect((200...400).contains(answered), "two seconds' worth, and the piece that was too much: \(answered)")
        server.eventLoop.advanceTime(by: .seconds(3))
        answered += try server.takeOutput(of: channel).count / pong
        #expect(answered < 1_000 && channel.isActive)
        server.eventLoop.advanceTime(by: .seconds(30))
        answered += try server.takeOutput(of: channel).count / pong
        #expect(answered == 2_000, "none is lost")
        #expect(!channel.isActive && server.loop.openChannels == 0, "and then it is over")
    }

    /// Two that flood and shut their output: each waits for its turn between the pieces.
    @Test func whatIsLeftBehindShutOutputsIsReadInTurns() throws {
        let server = VirtualLoop()
        let floods = try (1...2).map { try server.connect(path($0) + "?presence=none", protocols: "sca.v2") }
        let piece = pings(1_000)
        let pong = EncodedFrame(.pong, payload: [1]).count
        for flood in floods { try flood.writeInbound(piece) }
        for flood in floods { flood.read() }
        // The second one waits, and is read all the same.
        for _ in 0..<10 { try floods[1].writeInbound(piece) }
        floods[1].pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(try server.takeOutput(of: floods[1]).count / pong == 1_000)
        server.eventLoop.advanceTime(by: .microseconds(100))
        #expect(try server.takeOutput(of: floods[1]).count / pong == 1_000, "a piece in a turn")
        server.eventLoop.advanceTime(by: .seconds(1))
        #expect(try server.takeOutput(of: floods[1]).count / pong == 9_000)
        #expect(!floods[1].isActive && server.loop.openChannels == 1)
    }

    @Test func whoHasLeftIsNotListenedTo() throws {
        let server = VirtualLoop()
        let channel = try server.connect(path(1))
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        let ping = WebSocketFrame.encode(.ping, payload: [1], maskingKey: 7)
        try channel.writeInbound(ByteBuffer(bytes: ping))
        server.eventLoop.advanceTime(by: .milliseconds(10))
        #expect(try server.takeOutput(of: channel).isEmpty)
        #expect(!channel.isActive && server.loop.openChannels == 0)
    }

    @Test func aCrowdThatIsFoundToBeGoneIsNotEndedOneWithinTheOther() throws {
        let server = VirtualLoop()
        let nesting = Nesting()
        let crowd = try (0..<100).map { try server.connect(path($0), protocols: "sca.v2") }
        server.eventLoop.advanceTime(by: .seconds(10))
        for channel in crowd { try channel.pipeline.syncOperations.addHandler(GoneClient(nesting), position: .first) }
        _ = try server.connect(path(100))
        server.eventLoop.advanceTime(by: .seconds(1))
        #expect(nesting.deepest == 1)
        #expect(!crowd.contains { $0.isActive })
        #expect(server.directory.sessionCount == 1)
    }
}

/// Takes writes only when it is told to, one at a time.
private final class FullKernel: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    private var writes: CircularBuffer<(data: NIOAny, promise: EventLoopPromise<Void>?)> = []
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        writes.append((data, promise))
    }

    /// - Returns: whether there was one.
    @discardableResult
    func takeOne() -> Bool {
        guard let write = writes.popFirst() else { return false }
        context?.writeAndFlush(write.data, promise: write.promise)
        return true
    }
}

extension [UInt8] {
    /// The numbers of the lists and deltas in it.
    fileprivate var revs: [(rev: UInt64, isList: Bool)] {
        var bytes = self
        var parser = FrameParser(role: .client, maximumMessage: 1 << 24)
        var revs: [(rev: UInt64, isList: Bool)] = []
        var span = bytes.mutableSpan
        _ = try? parser.consume(&span) { kind, payload in
            switch kind == .text ? try? FrameDecoder().serverFrame(payload) : nil {
            case .onlineUsers(_, let rev?): revs.append((rev, true))
            case .presence(let rev, _, _): revs.append((rev, false))
            default: break
            }
            return .proceed
        }
        return revs
    }
}

/// How many writes are under way, one within the other.
private final class Nesting {
    var depth = 0
    private(set) var deepest = 0

    func note() { deepest = max(deepest, depth) }
}

/// The first write finds that the client is gone, and the channel is closed in it, as NIOSSL and sockets do it.
private final class GoneClient: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    private let nesting: Nesting

    init(_ nesting: Nesting) { self.nesting = nesting }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        nesting.depth += 1
        nesting.note()
        promise?.fail(ChannelError.ioOnClosedChannel)
        context.fireChannelInactive()
        context.close(promise: nil)
        nesting.depth -= 1
    }
}
