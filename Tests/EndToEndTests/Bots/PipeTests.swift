import Foundation
import Testing

/// `pipe` at the end of two pipes.
@Suite(.serialized) struct PipeTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func tenThousandMessagesAreNeitherLostNorDoubledNorOutOfOrder() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let mina = try stage.person("9000000003", on: server)
        let receiver = try await pipe(ravi)
        let senders = try [asha, mina].map { person in
            let lines = (1...5_000).map {
                #"{"to":"\#(ravi.mobile)","text":"\#(person.mobile) \#($0)","ref":"\#($0)"}"#
            }
            return try person.start("pipe", input: .text(lines.joined(separator: "\n")))
        }
        for sender in senders {
            let answer = try await sender.finish(within: .seconds(300))
            #expect(answer.exit == .status(0) && answer.errors.isEmpty)
            #expect(answer.rows["ref"].compactMap { Int($0) }.sorted() == Array(1...5_000))
            #expect(Set(answer.rows["status"]) == ["stored"])
            #expect(Set(answer.rows["id"]).count == 5_000)
        }
        let rows = try await receiver.rows(10_000)
        for person in [asha, mina] {
            let numbers = rows.filter { $0["from"] == person.mobile }["text"].map { $0.split(separator: " ").last }
            #expect(numbers == (1...5_000).map { "\($0)" })
        }
        #expect(ravi.history.count == 10_000)
        receiver.closeInput()
        #expect(try await receiver.finish().exit == .status(0))
    }

    @Test func twoProgramsTalk() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let (left, right) = (try await pipe(asha), try await pipe(ravi))
        left.write(#"{"to":"\#(ravi.mobile)","text":"ping\n\"é\"","ref":"a"}"# + "\n")
        let question = try #require(try await right.rows(1).first)
        #expect(question["text"] == "ping\n\"é\"" && question["type"] == "message")
        let id = try #require(question["id"])
        right.write(#"{"reply":"\#(id)","text":"pong","ref":"b"}"# + "\n")
        let rows = try await left.rows(2)
        #expect(rows.of("sent")["ref"] == ["a"] && rows.of("message")["text"] == ["pong"])
        let answers = try await right.rows(2)
        #expect(answers.of("sent")["ref"] == ["b"] && answers.of("sent")["status"] == ["stored"])
        left.write(#"{"op":"who","ref":"w"}"# + "\n")
        let who = try await left.rows(5).suffix(3)
        #expect(Array(who.of("user")["mobile"]) == [ravi.mobile, asha.mobile])
        #expect(who.of("who").first?.number("online") == 2)
        #expect(Array(who["ref"]) == ["w", "w", "w"])
        for program in [left, right] {
            program.closeInput()
            #expect(try await program.finish().exit == .status(0))
        }
    }

    @Test func badLinesAreNumberedAndTheOthersAreSent() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let lines = [
            #"{"to":"\#(ravi.mobile)","text":"one"}"#, "{", "", #"{"to":"12","text":"x","ref":"r"}"#,
            #"{"op":"dance"}"#, #"{"reply":"nobody-wrote-this","text":"x"}"#, #"{"to":"\#(ravi.mobile)","text":"two"}"#,
        ]
        let answer = try await asha.run("pipe", input: .text(lines.joined(separator: "\n")))
        #expect(answer.exit == .status(65))
        #expect(answer.errors.isEmpty)
        #expect(answer.rows.of("error").map { $0.number("line") } == [2, 4, 5, 6])
        #expect(answer.rows.of("error")["ref"] == ["r"])
        #expect(answer.rows.of("sent")["status"] == ["stored", "stored"])
        #expect(try await listener.rows(2)["text"] == ["one", "two"])
    }

    @Test func theEndOfInputWaitsForTheAnswers() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let line = #"{"to":"\#(ravi.mobile)","text":"anybody?","ref":"1"}"#
        let answer = try await asha.run("pipe", input: .text(line))
        #expect(answer.exit == .status(1))
        #expect(answer.rows["status"] == ["offline"])
        #expect(try await asha.run("pipe").exit == .status(0))
    }

    @Test func itComesBackWithTheServer() async throws {
        let server = try await stage.lastingServer()
        let (asha, ravi) = (
            try stage.person("9876543210", on: server), try stage.person("9123456780", on: server)
        )
        let peer = try await pipe(ravi, "--events", "message,status")
        try await peer.rows(1)
        try await server.kill()
        _ = try await server.restarted(on: stage)
        try await eventually("the peer to be back") {
            peer.output.lines.map(Row.init).of("status")["state"].last == "reconnected"
        }
        #expect(try await asha.run("send", "--to", ravi.mobile, "back?").rows["status"] == ["stored"])
        try await eventually("the message") { peer.output.lines.map(Row.init).of("message")["text"] == ["back?"] }
    }

    @Test func aReaderThatGoesAwayEndsIt() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let pipeline = try ravi.shell(
            "{ scactl pipe; echo $? > status; } < fifo | head -n 1",
            input: .nothing,
            fifo: "fifo"
        )
        try await asha.sees(ravi)
        try await asha.run("send", "--to", ravi.mobile, "only this")
        #expect(try await pipeline.finish().rows["text"] == ["only this"])
        #expect(try String(contentsOfFile: "\(ravi.folder)/status", encoding: .utf8) == "141\n")
    }

    @Test func aSignalEndsIt() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let peer = try await pipe(asha)
        peer.write(#"{"to":"\#(ravi.mobile)","text":"half a li"#)
        peer.signal(SIGTERM)
        let finished = try await peer.finish()
        #expect(finished.exit == .signal(SIGTERM) && finished.output.isEmpty)
    }

    /// Starts `pipe` and waits until it is online.
    private func pipe(_ person: Person, _ arguments: String...) async throws -> Program {
        let program = try stage.start(
            "scactl",
            ["pipe", "-v"] + arguments,
            environment: person.environment,
            input: .open
        )
        try await program.said("connected:")
        return program
    }
}

extension Person {
    /// The same with a fifo in the person's folder that nobody writes to and nobody closes.
    fileprivate func shell(_ line: String, input: Input, fifo: String) throws -> Program {
        let path = "\(folder)/\(fifo)"
        guard mkfifo(path, 0o600) == 0 else { throw Failure.system("mkfifo \(path)") }
        return try shell("exec 3<>\(fifo); \(line)", input: input)
    }
}
