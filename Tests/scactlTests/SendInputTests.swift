import SCAClient
import SCACore
import Testing

@testable import scactl

/// What `send` makes of stdin: messages, each with its place.
@Suite(.timeLimit(.minutes(10))) struct SendInputTests {
    @Test func wholeStdinIsOneMessageLessOneNewline() async throws {
        var world = World()
        world.input = BlockSource(["line 1\nli", "ne 2\n\n"])
        _ = await world.run("send", "--to", "9812345678")
        #expect(try world.connection.submitted.map(\.text) == ["line 1\nline 2\n"])
    }

    @Test(arguments: ["", "\n"])
    func emptyStdinIsBadInputWhereItIsTheMessage(_ input: String) async {
        var world = World()
        world.input = BlockSource([input])
        let outcome = await world.run("send", "--to", "9812345678")
        #expect(outcome.status == .badInput)
        #expect(world.network.made.isEmpty)
    }

    @Test(arguments: ["-l", "-0", "-j"])
    func emptyStdinIsNothingToDoForRecords(_ form: String) async {
        let outcome = await World().run("send", form, "--to", "9812345678")
        #expect(outcome.status == .done && outcome.rows.isEmpty && outcome.errors.isEmpty)
    }

    @Test func linesAreMessagesAndEmptyOnesAreSkipped() async throws {
        var world = World()
        world.input = BlockSource(["on", "e\n\ntwo\nth", "ree"])
        #expect(await world.run("send", "-l", "--to", "9812345678").status == .done)
        #expect(try world.connection.submitted.map(\.text) == ["one", "two", "three"])
    }

    @Test func nulSeparatedTextsKeepTheirNewlines() async throws {
        var world = World()
        world.input = BlockSource(["one\ntwo\0three"])
        _ = await world.run("send", "-0", "--to", "9812345678")
        #expect(try world.connection.submitted.map(\.text) == ["one\ntwo", "three"])
    }

    @Test func whatTheServerWouldNotTakeIsReportedWithItsReference() async {
        var world = World(ScriptedNetwork { $0.info.limits = WireLimits(textBytes: 3) })
        let lines = #"{"to":"9812345678","text":"four","ref":"a"}"# + "\n" + #"{"text":"x","ref":"b"}"# + "\n"
        world.input = BlockSource([lines])
        let outcome = await world.run("send", "-j")
        #expect(outcome.status == .badInput)
        #expect(outcome.errors.map { $0.contains(#""ref":"a""#) } == [true, false])
        #expect(outcome.errors.map { $0.contains(#""ref":"b""#) } == [false, true])
    }

    @Test func aBadRecordIsReportedWithItsLineAndTheOthersAreSent() async throws {
        var world = World()
        world.input = BlockSource([
            #"{"to":"9812345678","text":"one","ref":"a"}"# + "\n",
            "nonsense\n",
            #"{"to":["9812345678","9000000001","9812345678"],"text":"two"}"# + "\n",
            #"{"to":"98","text":"three"}"# + "\n" + #"{"text":"four"}"# + "\n" + #"{"to":"9812345678"}"#,
        ])
        let outcome = await world.run("send", "-j")
        #expect(outcome.status == .badInput)
        #expect(try world.connection.submitted.map(\.text) == ["one", "two", "two"])
        #expect(outcome.rows[0].contains(#""id":"m1","ref":"a","to":"9812345678""#))
        #expect(outcome.errors.count == 4)
        for line in [2, 4, 5, 6] {
            #expect(outcome.errors.contains { $0.hasSuffix(#""exit":65,"line":\#(line)}"#) }, "line \(line)")
        }
    }

    @Test func badInputWinsOverATimeoutAndThatOverANo() async {
        var world = World(ScriptedNetwork { $0.answer = { $0.to == World.peer ? .timeout : .offline } })
        world.input = BlockSource(["hi\n"])
        #expect(await world.run("send", "-l", "--to", "9812345678,9000000001").status == .timedOut)
        var other = World(ScriptedNetwork { $0.answer = { _ in .timeout } })
        other.input = BlockSource(bytes: [0xFF, 0x0A, 0x61, 0x0A])
        #expect(await other.run("send", "-l", "--to", "9812345678").status == .badInput)
    }

    @Test func textOverTheServersLimitIsRejectedHereWithBothSizes() async throws {
        let world = World(ScriptedNetwork { $0.info.limits.textBytes = 4 })
        let outcome = await world.run("send", "--to", "9812345678", "hello")
        #expect(outcome.status == .badInput)
        #expect(outcome.rows.count == 1 && outcome.rows[0].contains(#""status":"rejected""#))
        #expect(outcome.errors[0].contains("the text is 5 bytes long; this server takes 4"))
        #expect(try world.connection.submitted.isEmpty)
    }

    @Test func invalidUTF8AsTheWholeMessageSendsNothing() async {
        var world = World()
        world.input = BlockSource(bytes: [0x61, 0xC3, 0x28])
        #expect(await world.run("send", "--to", "9812345678").status == .badInput)
        #expect(world.network.made.isEmpty)
    }
}
