import SCACore
import Testing

@testable import SCAServerd

@Suite struct HubMessageTests {
    let server = VirtualServer()

    @Test func baseRecipientGetsExactlyTheBaseKeys() throws {
        let (alice, bob) = (server.connect(try mobile(1)), server.connect(try mobile(2)))
        server.forgetFrames()
        server.send(.message(to: try mobile(2), text: MessageText("hi"), id: nil), from: alice)
        #expect(
            server.raw[bob] == [EncodedFrame(.message(RelayedMessage(from: try mobile(1), text: MessageText("hi"))))]
        )
        #expect(server.frames(alice).isEmpty, "a message without an id is not answered")
    }

    @Test func v2RecipientGetsRecipientIDAndTime() throws {
        let alice = server.connect(try mobile(1))
        let bob = server.connectV2(try mobile(2))
        server.forgetFrames()
        server.send(.message(to: try mobile(2), text: MessageText("hi"), id: try id("x")), from: alice)
        let expected = RelayedMessage(
            from: try mobile(1),
            to: try mobile(2),
            text: MessageText("hi"),
            id: try id("x"),
            unixMilliseconds: server.now.unixMilliseconds
        )
        #expect(server.frames(bob) == [.message(expected)])
        #expect(server.frames(alice) == [.ack(id: try id("x"), to: try mobile(2), sessions: 1, receipts: 1)])
    }

    @Test func aMessageWithoutAnIDGetsOneForV2AndNoTwoAreAlike() throws {
        let alice = server.connect(try mobile(1))
        let bob = server.connectV2(try mobile(2))
        server.forgetFrames()
        for _ in 0..<3 { server.send(.message(to: try mobile(2), text: MessageText("a"), id: nil), from: alice) }
        let ids = server.frames(bob).compactMap { if case .message(let message) = $0 { message.id } else { nil } }
        #expect(ids.count == 3)
        #expect(Set(ids).count == 3)
    }

    @Test func everyVisibleSessionOfTheRecipientGetsTheMessage() throws {
        let alice = server.connect(try mobile(1))
        let sessions = [
            server.connect(try mobile(2)), server.connectV2(try mobile(2)),
            server.connectV2(try mobile(2)) { $0.sendsReceipts = false },
        ]
        let hidden = server.connectV2(try mobile(2)) { $0.isVisible = false }
        server.forgetFrames()
        server.send(.message(to: try mobile(2), text: MessageText("hi"), id: try id("x")), from: alice)
        for session in sessions { #expect(texts(server.frames(session)) == ["hi"]) }
        #expect(texts(server.frames(hidden)).isEmpty)
        #expect(server.frames(alice) == [.ack(id: try id("x"), to: try mobile(2), sessions: 3, receipts: 1)])
    }

    @Test func offlineRecipientIsAnError() throws {
        let alice = server.connect(try mobile(1))
        server.connectV2(try mobile(2)) { $0.isVisible = false }
        server.forgetFrames()
        server.send(.message(to: try mobile(2), text: MessageText("hi"), id: try id("x")), from: alice)
        let frames = server.frames(alice)
        guard case .error(let error)? = frames.first, frames.count == 1 else {
            Issue.record("expected one error, got \(frames)")
            return
        }
        #expect(error.code == .recipientOffline)
        #expect(error.id == (try id("x")))
    }

    @Test func senderCanBeInvisible() throws {
        let hidden = server.connectV2(try mobile(1)) { $0.isVisible = false }
        let bob = server.connect(try mobile(2))
        server.forgetFrames()
        server.send(.message(to: try mobile(2), text: MessageText("hi"), id: try id("x")), from: hidden)
        #expect(texts(server.frames(bob)) == ["hi"])
        #expect(server.frames(hidden) == [.ack(id: try id("x"), to: try mobile(2), sessions: 1, receipts: 0)])
    }

    @Test func otherVisibleV2SessionsOfTheSenderGetACopy() throws {
        let alice = server.connectV2(try mobile(1))
        let other = server.connectV2(try mobile(1))
        let base = server.connect(try mobile(1))
        let hidden = server.connectV2(try mobile(1)) { $0.isVisible = false }
        let bob = server.connectV2(try mobile(2))
        server.forgetFrames()
        server.send(.message(to: try mobile(2), text: MessageText("hi"), id: try id("x")), from: alice)
        #expect(server.frames(other) == server.frames(bob).filter { texts([$0]) == ["hi"] })
        #expect(texts(server.frames(base)).isEmpty)
        #expect(texts(server.frames(hidden)).isEmpty)
        #expect(texts(server.frames(alice)).isEmpty)
    }

    @Test func nothingIsCopiedWhenNobodyGotTheMessage() throws {
        let alice = server.connectV2(try mobile(1))
        let other = server.connectV2(try mobile(1))
        server.forgetFrames()
        server.send(.message(to: try mobile(2), text: MessageText("hi"), id: try id("x")), from: alice)
        #expect(texts(server.frames(other)).isEmpty)
    }

    @Test func aMessageToOneselfComesOnceToEverySession() throws {
        let alice = server.connectV2(try mobile(1))
        let other = server.connectV2(try mobile(1))
        server.forgetFrames()
        server.send(.message(to: try mobile(1), text: MessageText("note"), id: try id("x")), from: alice)
        #expect(texts(server.frames(alice)) == ["note"])
        #expect(texts(server.frames(other)) == ["note"])
    }

    @Test func receiptsReachEveryV2SessionOfTheSenderAndNoBaseSession() throws {
        let hidden = server.connectV2(try mobile(1)) { $0.isVisible = false }
        let base = server.connect(try mobile(1))
        let bob = server.connectV2(try mobile(2))
        server.forgetFrames()
        server.send(.receipt(to: try mobile(1), id: try id("x"), state: .stored), from: bob)
        #expect(server.frames(hidden) == [.receipt(from: try mobile(2), id: try id("x"), state: .stored)])
        #expect(server.frames(base).isEmpty)
        #expect(server.frames(bob).isEmpty)
    }

    @Test(arguments: ["receipt", "watch", "unwatch"])
    func extendedFramesAreUnknownInTheBaseDialect(type: String) throws {
        let alice = server.connect(try mobile(1))
        server.forgetFrames()
        let frame: ClientFrame =
            switch type {
            case "receipt": .receipt(to: try mobile(2), id: try id("x"), state: .stored)
            case "watch": .watch([try mobile(2)])
            default: .unwatch([try mobile(2)])
            }
        server.send(frame, from: alice)
        guard case .error(let error)? = server.frames(alice).first else {
            Issue.record("expected an error")
            return
        }
        #expect(error.code == .unknownType)
    }

    @Test func badFramesAreAnsweredAndTheSessionLives() throws {
        let alice = server.connect(try mobile(1))
        server.forgetFrames()
        server.take(.badFrame(alice, WireError(.invalidFrame, "no", id: try id("x")), bytes: 10), loop: 0)
        server.send(.ping, from: alice)
        #expect(server.frames(alice) == [.error(WireError(.invalidFrame, "no", id: try id("x"))), .pong])
        #expect(server.closed.isEmpty)
    }

    @Test func orderFromOneSessionToOneRecipientIsKept() throws {
        let alice = server.connect(try mobile(1))
        let bob = server.connectV2(try mobile(2))
        server.forgetFrames()
        let sent = (0..<1_000).map { "\($0)" }
        for text in sent { server.send(.message(to: try mobile(2), text: MessageText(text), id: nil), from: alice) }
        #expect(texts(server.frames(bob)) == sent)
    }

    @Test func inputsForASessionThatIsGoneAreIgnored() throws {
        let alice = server.connect(try mobile(1))
        server.disconnect(alice)
        server.forgetFrames()
        server.send(.ping, from: alice)
        server.disconnect(alice)
        server.take(.flushed(alice, bytes: 10, presence: true), loop: 0)
        #expect(server.frames(alice).isEmpty)
        #expect(server.directory.sessionCount == 0)
    }
}
