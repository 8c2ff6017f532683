import Foundation
import Testing

/// The command lines that people type first, each through a real shell.
@Suite(.serialized) struct CommandLineTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func echoIntoSend() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let answer = try await asha.shell("echo msg | scactl send --to \(ravi.mobile)").finish()
        #expect(answer.exit == .status(0))
        #expect(answer.rows["status"] == ["stored"])
        #expect(try await listener.rows(1)["text"] == ["msg"])
    }

    @Test func whoWithAMobileOption() async throws {
        let (server, _, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        var stranger = try stage.person("9000000003", on: server)
        stranger.environment["SCACTL_MOBILE"] = nil
        let answer = try await stranger.shell("scactl who --mobile 9000000003").finish()
        #expect(answer.exit == .status(0))
        #expect(answer.lines == [#"{"type":"user","mobile":"9123456780","online":true}"#])
        #expect(listener.exit() == nil)
    }

    @Test func listenIntoJQ() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let pipeline = try ravi.shell(#"scactl listen | jq --unbuffered -r '.from + ": " + .text'"#)
        try await asha.sees(ravi)
        try await asha.run("send", "--to", ravi.mobile, "first")
        // It is there before anything else is sent: nothing waits in a buffer.
        #expect(try await pipeline.lines(1) == ["9876543210: first"])
        try await asha.run("send", "--to", ravi.mobile, "second")
        #expect(try await pipeline.lines(2).last == "9876543210: second")
    }

    @Test func tailOfALogIntoSend() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        #expect(FileManager.default.createFile(atPath: "\(asha.folder)/log", contents: nil))
        let pipeline = try asha.shell("tail -f log | scactl send -l --to \(ravi.mobile)")
        for count in 1...3 {
            try await asha.shell("echo 'line \(count)' >> log").finish()
            #expect(try await pipeline.rows(count).last?["status"] == "stored")
        }
        #expect(try await listener.rows(3)["text"] == ["line 1", "line 2", "line 3"])
    }

    @Test func fileOfJSONLinesIntoSend() async throws {
        let (server, asha, ravi) = try await stage.scene()
        let mina = try stage.person("9000000003", on: server)
        let listeners = [try await ravi.listen(), try await mina.listen()]
        let path = try stage.file(
            "many.jsonl",
            """
            {"to":"\(ravi.mobile)","text":"for Ravi","ref":"r"}
            {"to":["\(ravi.mobile)","\(mina.mobile)"],"text":"for both","ref":"b"}

            {"to":"\(mina.mobile)","text":"two\\nlines","ref":"m"}
            """
        )
        let answer = try await asha.shell("scactl send -j < \(path)").finish()
        #expect(answer.exit == .status(0))
        #expect(answer.rows["status"] == ["stored", "stored", "stored", "stored"])
        #expect(answer.rows["ref"].sorted() == ["b", "b", "m", "r"])
        #expect(try await listeners[0].rows(2)["text"] == ["for Ravi", "for both"])
        #expect(try await listeners[1].rows(2)["text"] == ["for both", "two\nlines"])
    }

    @Test func listenForOneWithADeadline() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try ravi.shell("scactl listen -n 1 --timeout 300")
        try await asha.sees(ravi)
        let sent = try await asha.run("send", "--to", ravi.mobile, "in time")
        #expect(sent.rows["status"] == ["stored"])
        let answer = try await listener.finish()
        #expect(answer.exit == .status(0))
        #expect(answer.rows["text"] == ["in time"])
    }

    @Test func listenIntoHead() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let pipeline = try ravi.shell("scactl listen | head -1 | jq -r .text")
        try await asha.sees(ravi)
        try await asha.run("send", "--to", ravi.mobile, "only one")
        #expect(try await pipeline.finish().lines == ["only one"])
    }

    @Test func loopThatSendsDoesNotLoseItsInput() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let loop = #"while read -r word; do scactl send -q --to \#(ravi.mobile) "$word"; done"#
        #expect(try await asha.shell(loop, input: .text("a\nb\nc\n")).finish().exit == .status(0))
        #expect(try await listener.rows(3)["text"] == ["a", "b", "c"])
    }

    @Test func anArgumentThatIsNotUTF8Is65AndNotSentAsSomethingElse() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen()
        let sender = try asha.shell(#"scactl send --to \#(ravi.mobile) "$(printf 'caf\351')""#)
        let answer = try await sender.finish()
        #expect(answer.exit == .status(65))
        #expect(answer.errors.contains("argument 4 is not UTF-8"))
        try await asha.run("send", "--to", ravi.mobile, "café")
        #expect(try await listener.rows(1)["text"] == ["café"])
    }

    @Test func aFolderThatIsNotUTF8Is78AndNoOtherIsMade() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let line = #"export XDG_DATA_HOME="$PWD/$(printf 'l\351on')"; scactl send --to \#(ravi.mobile) hi; echo $?; ls"#
        let answer = try await asha.shell(line).finish()
        #expect(answer.lines == ["78"])
        #expect(answer.errors.contains("XDG_DATA_HOME is not UTF-8"))
    }

    @Test func aBotsProgramHasVariablesAsTheyWereGiven() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let script = #"printf %s "$FOO" | od -An -tx1"#
        let bot = try ravi.shell(
            #"FOO="$(printf 'l\351on')"; export FOO; exec scactl bot -v --each -- sh -c '\#(script)'"#
        )
        try await bot.said("connected:")
        let listener = try await asha.listen()
        try await asha.run("send", "--to", ravi.mobile, "hi")
        #expect(try await listener.rows(1)["text"] == [" 6c e9 6f 6e"])
        bot.signal(SIGTERM)
        #expect(try await bot.finish().exit == .signal(SIGTERM))
    }
}
