import Foundation
import Testing

/// What arrives, in which order, and how often.
@Suite(.serialized) struct DeliveryTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func twoSendersReachBothListenersOfOneMobile() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let mina = try stage.person("9000000003", on: server)
        let listeners = [try await ravi.listen(), try await ravi.listen()]
        let ashas = (1...200).map { "asha \($0)" }
        let minas = (1...200).map { "mina \($0)" }
        let senders = [
            try asha.start("send", "-l", "--to", ravi.mobile, input: .text(ashas.joined(separator: "\n"))),
            try mina.start("send", "-l", "--to", ravi.mobile, input: .text(minas.joined(separator: "\n"))),
        ]
        for sender in senders {
            let answer = try await sender.finish()
            #expect(answer.exit == .status(0))
            #expect(answer.rows["status"] == Array(repeating: "stored", count: 200))
        }
        for listener in listeners {
            let texts = try await listener.rows(400)["text"]
            #expect(texts.filter { $0.hasPrefix("asha") } == ashas)
            #expect(texts.filter { $0.hasPrefix("mina") } == minas)
        }
        // Both share the file.
        let stored = ravi.history
        #expect(stored.count == 400)
        #expect(Set(stored["id"]).count == 400)
    }

    @Test func tenThousandLinesArriveInOrder() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let lines = (1...10_000).map { "line \($0)" }
        let sender = try asha.start("send", "-l", "--to", ravi.mobile, input: .text(lines.joined(separator: "\n")))
        let answer = try await sender.finish(within: .seconds(300))
        #expect(answer.exit == .status(0))
        #expect(answer.lines.count == 10_000)
        #expect(try await listener.rows(10_000)["text"] == lines)
        #expect(ravi.history["text"] == lines)
    }

    @Test func sendersOtherDevicesHaveTheWholeConversation() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let other = try await asha.listen()
        let listener = try await ravi.listen()
        try await asha.run("send", "--to", ravi.mobile, "hi")
        try await ravi.run("send", "--to", asha.mobile, "hello")
        // What arrived is printed; what was sent from elsewhere is in the history only.
        #expect(try await other.rows(1)["text"] == ["hello"])
        #expect(try await listener.rows(1)["text"] == ["hi"])
        try await eventually("both sides of it in both histories") {
            asha.history["text"].sorted() == ["hello", "hi"] && ravi.history["text"].sorted() == ["hello", "hi"]
        }
        #expect(asha.history["status"] == ["stored"])
    }

    @Test func messageWaitsForARecipientWhoComesLater() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let sender = try asha.start("send", "-v", "--retry-for", "5m", "--to", ravi.mobile, "welcome")
        try await sender.said("connected:")
        let listener = try await ravi.listen()
        #expect(try await listener.rows(1)["text"] == ["welcome"])
        let answer = try await sender.finish()
        #expect(answer.exit == .status(0))
        #expect(answer.rows["status"] == ["stored"])
    }

    @Test func oneMessageGoesToEachRecipientOnce() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let recipients = "\(ravi.mobile),9000000003"
        let answer = try await asha.run("send", "--to", recipients, "--to", ravi.mobile, "to", "both")
        #expect(answer.exit == .status(1))
        #expect(Set(answer.rows["status"]) == ["stored", "offline"])
        #expect(answer.rows.count == 2)
        #expect(try await listener.rows(1)["text"] == ["to both"])
        #expect(ravi.history.count == 1)
    }
}
