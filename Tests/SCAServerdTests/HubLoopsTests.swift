import SCACore
import SCATesting
import Testing

@testable import SCAServerd

/// Several loops: what one loop does alone must come out the same when sessions lie on different ones.
@Suite struct HubLoopsTests {
    @Test func aMessageCrossesLoopsAndIsAckedOnceTheyHaveReported() throws {
        let server = VirtualServer(loops: 3)
        let alice = server.connectV2(try mobile(1), loop: 0)
        let recipients = [
            server.connectV2(try mobile(2), loop: 0), server.connect(try mobile(2), loop: 1),
            server.connectV2(try mobile(2), loop: 2),
        ]
        server.pass(.seconds(1))
        server.forgetFrames()
        server.send(.message(to: try mobile(2), text: MessageText("hi"), id: try id("x")), from: alice)
        for recipient in recipients { #expect(texts(server.frames(recipient)) == ["hi"]) }
        #expect(server.frames(alice) == [.ack(id: try id("x"), to: try mobile(2), sessions: 3, receipts: 2)])
    }

    @Test func aFullOutboxOnAnotherLoopIsNeverAcked() throws {
        let server = VirtualServer(loops: 2, HubConfiguration(outboxBytes: 500))
        let alice = server.connect(try mobile(1), loop: 0)
        let bob = server.connect(try mobile(2), loop: 1)
        server.pass(.seconds(1))
        server.stalled = [bob]
        server.forgetFrames()
        let text = MessageText(String(repeating: "x", count: 400))
        server.send(.message(to: try mobile(2), text: text, id: try id("a")), from: alice)
        server.send(.message(to: try mobile(2), text: text, id: try id("b")), from: alice)
        let answers = server.frames(alice)
        #expect(answers.count == 2)
        #expect(answers.first == .ack(id: try id("a"), to: try mobile(2), sessions: 1, receipts: 0))
        guard case .error(let error)? = answers.last else {
            Issue.record("expected an error: \(answers)")
            return
        }
        #expect(error.code == .recipientBusy)
    }

    /// One letter may be for 64 sessions there: without this the mail of a loop grew as fast as one sender can send.
    @Test(arguments: ["messages", "receipts", "copies"])
    func whoHasMuchOnItsWayToAnotherLoopIsNotReadFrom(kind: String) throws {
        let server = VirtualServer(loops: 2)
        let alice = server.connectV2(try mobile(1), loop: 0) { $0.wantsAllPresence = false }
        let device = server.connectV2(try mobile(1), loop: kind == "copies" ? 1 : 0)
        let bob = server.connectV2(try mobile(2), loop: kind == "copies" ? 0 : 1)
        server.pass(.seconds(1))
        server.forgetFrames()
        server.deaf = [1]
        var sent = 0
        while server.paused.isEmpty, sent < 10_000 {
            sent += 1
            let frame: ClientFrame =
                kind == "receipts"
                ? .receipt(to: try mobile(2), id: try id("m\(sent)"), state: .stored)
                : .message(to: try mobile(2), text: MessageText("hi"), id: try id("m\(sent)"))
            server.send(frame, from: alice)
        }
        #expect(server.paused == [alice])
        #expect((100...512).contains(sent), "\(sent) of 256 bytes and more each")
        server.deaf = []
        server.pass(.seconds(1))
        #expect(server.paused.isEmpty)
        #expect(server.hubs[0].sessions[alice]?.postedBytes == 0)
        let bobs = server.frames(bob)
        #expect(kind == "receipts" ? bobs.count == sent : texts(bobs).count == sent)
        if kind != "receipts" { #expect(texts(server.frames(device)).count == sent) }
    }

    @Test func lettersOfOneWhoHasLeftAreHandedOverAllTheSame() throws {
        let server = VirtualServer(loops: 2)
        let alice = server.connectV2(try mobile(1), loop: 0)
        server.connectV2(try mobile(1), loop: 1)
        let bob = server.connectV2(try mobile(2), loop: 1)
        server.pass(.seconds(1))
        server.forgetFrames()
        server.deaf = [1]
        server.send(.message(to: try mobile(2), text: MessageText("hi"), id: try id("x")), from: alice)
        server.send(.receipt(to: try mobile(2), id: try id("y"), state: .stored), from: alice)
        server.disconnect(alice)
        server.deaf = []
        server.pass(.seconds(1))
        #expect(texts(server.frames(bob)) == ["hi"])
    }

    @Test func copiesAndReceiptsCrossLoops() throws {
        let server = VirtualServer(loops: 2)
        let alice = server.connectV2(try mobile(1), loop: 0)
        let device = server.connectV2(try mobile(1), loop: 1)
        let bob = server.connectV2(try mobile(2), loop: 1)
        server.pass(.seconds(1))
        server.forgetFrames()
        server.send(.message(to: try mobile(2), text: MessageText("hi"), id: try id("x")), from: alice)
        #expect(texts(server.frames(device)) == ["hi"])
        server.send(.receipt(to: try mobile(1), id: try id("x"), state: .stored), from: bob)
        let receipt = ServerFrame.receipt(from: try mobile(2), id: try id("x"), state: .stored)
        #expect(server.frames(alice).contains(receipt))
        #expect(server.frames(device) == [receipt])
    }

    /// Joins, leaves and messages in any order over three loops, letters delivered in any order between loops:
    /// one answer per message, and presence equal to the truth once quiet.
    @Test(arguments: 0..<100)
    func randomTrafficKeepsItsPromises(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let server = VirtualServer(loops: 3, HubConfiguration(presenceBytesPerSecond: 20_000))
        server.shuffle = SeededGenerator(seed: UInt64(seed) &+ 1_000)
        let observer = server.connectV2(try mobile(99), loop: 2)
        let base = server.connect(try mobile(98), loop: 1)
        var online: [SessionID: Mobile] = [:]
        var lists: [Mobile] = []
        var rev: UInt64?
        var answered: [SessionID: Int] = [:]
        var asked: [SessionID: Int] = [:]

        for step in 0..<200 {
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                let name = try mobile(Int.random(in: 0..<8, using: &random))
                let loop = Int.random(in: 0..<3, using: &random)
                let session =
                    Bool.random(using: &random)
                    ? server.connect(name, loop: loop) : server.connectV2(name, loop: loop)
                online[session] = name
            case 2:
                guard let session = online.keys.sorted(by: { $0.number < $1.number }).randomElement(using: &random)
                else { continue }
                online[session] = nil
                server.disconnect(session)
            case 3:
                guard let session = online.keys.sorted(by: { $0.number < $1.number }).randomElement(using: &random)
                else { continue }
                let to = try mobile(Int.random(in: 0..<8, using: &random))
                asked[session, default: 0] += 1
                server.send(.message(to: to, text: MessageText("t"), id: try id("m\(step)")), from: session)
            default: server.pass(.milliseconds(Int.random(in: 0..<500, using: &random)))
            }
            for session in Array(online.keys) {
                for frame in server.frames(session) {
                    switch frame {
                    case .ack: answered[session, default: 0] += 1
                    case .error: answered[session, default: 0] += 1
                    default: break
                    }
                }
            }
        }
        server.pass(.seconds(30))
        for session in online.keys { #expect(answered[session] == asked[session], "seed \(seed)") }

        let truth = Set(online.values).union([try mobile(98), try mobile(99)])
        for frame in server.frames(observer) {
            switch frame {
            case .onlineUsers(let users, let number):
                (lists, rev) = (users, number)
            case .presence(let number, let joined, let left):
                #expect(rev.map { number == $0 + 1 } ?? false, "a gap in rev, seed \(seed)")
                rev = number
                lists = lists.filter { !left.contains($0) } + joined
            default: break
            }
        }
        #expect(Set(lists) == truth, "seed \(seed)")
        #expect(lists.count == truth.count)
        guard case .onlineUsers(let users, nil)? = server.frames(base).last else {
            Issue.record("the base session heard nothing, seed \(seed)")
            return
        }
        #expect(Set(users) == truth)
    }
}
