import SCACore
import SCATesting
import Testing

@testable import SCAServerd

/// Attacks on the hub, under a clock of the test's own.
@Suite struct HubAttackTests {
    private static let second: Int64 = 1_000_000_000

    /// One that never reads, and a hundred that write to it: each is answered at once, what waits is bounded, and the one
    /// that does not read is closed, while those who talk to each other notice nothing.
    @Test func aHundredWriteToOneThatNeverReads() throws {
        let configuration = HubConfiguration(outboxBytes: 100_000)
        let server = VirtualServer(configuration)
        let lazy = server.connect(try mobile(0)) { $0.wantsAllPresence = false }
        let senders = try (1...100).map { number in
            server.connectV2(try mobile(number)) { $0.wantsAllPresence = false }
        }
        server.pass(.seconds(1))
        server.stalled = [lazy]
        server.forgetFrames()
        let text = MessageText(String(repeating: "x", count: 1_000))
        var answers: [String: Int] = [:]
        for round in 0..<20 {
            for (number, sender) in senders.enumerated() {
                server.send(.message(to: try mobile(0), text: text, id: try id("\(round)-\(number)")), from: sender)
                switch server.frames(sender).first {
                case .ack: answers["ack", default: 0] += 1
                case .error(let error): answers[error.code.rawValue, default: 0] += 1
                default: answers["none", default: 0] += 1
                }
            }
            // Two of them talk to each other.
            server.send(.message(to: try mobile(2), text: MessageText("hi"), id: try id("p\(round)")), from: senders[0])
            #expect(texts(server.frames(senders[1])) == ["hi"])
            server.pass(.seconds(1))
            for sender in senders { server.take(.pong(sender), loop: 0) }
            _ = server.frames(senders[0])
        }
        #expect(answers["none"] == nil)
        #expect((1...100).contains(answers["ack"] ?? 0), "at most what the outbox holds: \(answers)")
        #expect(server.closed[lazy] == .tooSlow)
        #expect(senders.allSatisfy { server.closed[$0] == nil })
    }

    /// One byte a second, forever: pieces of a frame are no sign of life.
    @Test func piecesOfAFrameAreNoSignOfLife() throws {
        let server = VirtualServer()
        let slow = server.connect(try mobile(1))
        let good = server.connect(try mobile(2))
        for _ in 0..<100 {
            server.take(.read(slow, bytes: 1, fragments: 0), loop: 0)
            server.take(.pong(good), loop: 0)
            server.pass(.seconds(1))
        }
        #expect(server.closed[slow] == .heartbeatTimeout)
        #expect(server.closed[good] == nil)
    }

    @Test func fragmentsAndPiecesAreSlowedByNotReading() throws {
        let rates = RateLimiter.Rates(framesPerSecond: 10, bytesPerSecond: 1_000)
        let server = VirtualServer(HubConfiguration(rates: rates))
        let fragments = server.connect(try mobile(1))
        let pieces = server.connect(try mobile(2))
        server.take(.read(fragments, bytes: 0, fragments: 20), loop: 0)
        server.take(.read(pieces, bytes: 2_000, fragments: 0), loop: 0)
        #expect(server.paused.isEmpty, "two seconds' worth may come at once")
        server.take(.read(fragments, bytes: 0, fragments: 10), loop: 0)
        server.take(.read(pieces, bytes: 1_000, fragments: 0), loop: 0)
        #expect(server.paused == [fragments, pieces])
        server.pass(.milliseconds(900))
        #expect(server.paused == [fragments, pieces])
        server.pass(.milliseconds(200))
        #expect(server.paused.isEmpty)
        #expect(server.closed.isEmpty)
    }
}
