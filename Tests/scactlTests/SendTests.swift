import SCAClient
import SCACore
import Synchronization
import Testing

@testable import scactl

@Suite(.timeLimit(.minutes(10))) struct SendTests {
    @Test func wordsAreJoinedByOneBlankAndTheRowTellsWhatBecameOfThem() async throws {
        let world = World()
        let outcome = await world.run("send", "--to", "9812345678", "hello", "there")
        #expect(
            outcome.rows == [
                #"{"type":"sent","id":"m1","to":"9812345678","status":"stored","ts":1795356202974,"ms":3}"#
            ]
        )
        #expect(outcome.status == .done)
        #expect(outcome.errors.isEmpty)
        #expect(try world.connection.submitted.map(\.text) == ["hello there"])
        #expect(try world.connection.configuration.isVisible == false)
    }

    @Test func eachRecipientGetsAMessageOfItsOwnAndOnlyOnce() async throws {
        let world = World()
        let outcome = await world.run("send", "--to", "9812345678,9000000001", "--to", "9812345678", "hi")
        #expect(try world.connection.submitted.map(\.to) == [World.peer, World.other])
        #expect(try Set(world.connection.submitted.map(\.id)).count == 2)
        #expect(outcome.rows.count == 2)
    }

    /// By its text or by its frame: rejected, an error, and 65.
    @Test(arguments: [(5, "a", "the text is 5 bytes long"), (4, "\u{1}", "the text needs a frame of ")])
    func whatIsTooLargeIs65EitherWay(_ count: Int, _ letter: String, _ words: String) async throws {
        let world = World(
            ScriptedNetwork {
                $0.info.limits.textBytes = 4
                $0.info.limits.frameBytes = 70
            }
        )
        let text = String(repeating: letter, count: count)
        let outcome = await world.run("send", "--to", "9812345678", text)
        #expect(outcome.status == .badInput)
        #expect(outcome.rows.count == 1 && outcome.rows[0].contains(#""status":"rejected""#))
        #expect(outcome.errors.count == 1 && outcome.errors[0].contains(words))
        let silent = await World(world.network).run("send", "-q", "--wait", "none", "--to", "9812345678", text)
        #expect(silent.status == .badInput && silent.rows.isEmpty)
        #expect(silent.errors.count == 1 && silent.errors[0].contains(words))
        #expect(try world.connection.submitted.isEmpty)
    }

    @Test(arguments: [
        (DeliveryStatus.stored, Int32(0)), (.routed, 0), (.offline, 1), (.busy, 1), (.rejected, 1), (.timeout, 124),
    ])
    func exitStatusSaysWhatBecameOfTheMessage(_ status: DeliveryStatus, _ exit: Int32) async {
        let world = World(ScriptedNetwork { $0.answer = { _ in status } })
        #expect(await world.run("send", "--to", "9812345678", "hi").status.rawValue == exit)
    }

    @Test func oneOfTwoRecipientsOfflineIsANo() async {
        let world = World(ScriptedNetwork { $0.answer = { $0.to == World.peer ? .stored : .offline } })
        #expect(await world.run("send", "--to", "9812345678,9000000001", "hi").status == .no)
    }

    @Test func quietPrintsNoRows() async {
        let outcome = await World().run("-q", "send", "--to", "9812345678", "hi")
        #expect(outcome.rows.isEmpty && outcome.errors.isEmpty && outcome.status == .done)
    }

    @Test func sentMessagesAreInTheHistoryWithTheirStatus() async {
        let world = World()
        _ = await world.run("send", "--to", "9812345678", "hi")
        #expect(
            world.history == [
                #"{"type":"message","id":"m1","ts":1795356202971,"dir":"out","from":"9876543210","to":"9812345678","#
                    + #""text":"hi","status":"stored"}"#
            ]
        )
    }

    /// Found by hand: the history had the message twice when a `listen` of the same mobile was running.
    @Test func aCopyThatAListenerStoredFirstIsNotStoredTwice() async throws {
        let path = Mutex("")
        let world = World(
            ScriptedNetwork {
                $0.answer = { message in
                    let copy = HistoryRow(
                        id: message.id,
                        ts: World.now,
                        direction: .out,
                        from: World.me,
                        to: message.to,
                        text: message.text
                    )
                    _ = try? HistoryFile(path: path.withLock { $0 }).append([copy])
                    return .stored
                }
            }
        )
        path.withLock { $0 = world.historyPath }
        #expect(await world.run("send", "--to", "9812345678", "hi").status == .done)
        #expect(world.history.count == 1)
    }

    @Test func aHistoryThatCannotBeOpenedIs74BeforeAnythingIsSent() async throws {
        var world = World()
        world.environment["XDG_DATA_HOME"] = "/dev/null"
        let outcome = await world.run("send", "--to", "9812345678,9000000001", "hi")
        #expect(outcome.rows.isEmpty)
        #expect(world.network.made.isEmpty)
        #expect(outcome.status == .io)
        #expect(outcome.errors.count == 1)
    }

    @Test func waitNonePrintsNoRowAndIsDone() async throws {
        let world = World()
        let outcome = await world.run("send", "--wait", "none", "--to", "9812345678", "hi")
        #expect(outcome.rows.isEmpty && outcome.status == .done)
        #expect(try world.connection.submitted[0].wait == .none)
        #expect(world.history.count == 1 && !world.history[0].contains("status"))
    }

    @Test func retryForReconnects() async throws {
        let world = World()
        _ = await world.run("send", "--retry-for", "1h", "--timeout", "3", "--to", "9812345678", "hi")
        #expect(try world.connection.configuration.reconnect == .standard)
        #expect(try world.connection.submitted[0].retryFor == .seconds(3600))
        #expect(try world.connection.submitted[0].timeout == .seconds(3))
    }

    @Test func aConnectionThatIsLostIs69() async {
        var world = World(
            ScriptedNetwork {
                $0.answer = { _ in nil }
                $0.lastsFor = 1
                $0.end = ClientError(.connectionLost, "the server went away")
            }
        )
        let input = BlockSource(["hi\n"], staysOpen: true)
        world.input = input
        let outcome = await world.run("send", "-l", "--to", "9812345678")
        #expect(outcome.status == .unreachable)
        #expect(outcome.errors.last?.contains("the server went away; nothing behind line 1 of stdin was sent") == true)
        #expect(input.isStopped)
    }

    @Test func aStopEndsTheInputAndHalfALineIsNotSent() async throws {
        var world = World()
        world.input = BlockSource(["whole\nhal"], staysOpen: true)
        let running = world
        async let outcome = running.run("send", "-l", "--to", "9812345678")
        await running.output.reaches(1)
        _ = running.stop.request()
        #expect(await outcome.status == .done)
        #expect(try running.connection.submitted.map(\.text) == ["whole"])
    }

    @Test func moreMessagesThanThereIsRoomForAreAllSentInOrder() async throws {
        var world = World()
        let texts = (1...4_500).map(String.init)
        world.input = BlockSource([texts.joined(separator: "\n")])
        #expect(await world.run("send", "-l", "--to", "9812345678").status == .done)
        #expect(try world.connection.submitted.map(\.text) == texts)
        #expect(world.history.count == texts.count)
    }

    @Test func aConnectionThatEndsWhileThereIsNoRoomEndsTheCommand() async throws {
        var world = World(.thatIsLost(after: 4096))
        world.input = BlockSource([(1...4_500).map(String.init).joined(separator: "\n")])
        let outcome = await world.run("send", "-l", "--to", "9812345678")
        #expect(outcome.status == .unreachable)
        #expect(outcome.errors.last?.contains("nothing behind line 4096 of stdin was sent") == true)
        #expect(try world.connection.submitted.count == 4096)
    }

    /// Each row: what the connection takes of 300 lines, and from where on nothing was sent.
    @Test(arguments: [(1, 2), (255, 256), (256, 257), (299, 300)])
    func linesThatAConnectionDoesNotTakeAnyMoreAreNamed(_ taken: Int, _ line: Int) async throws {
        var world = World(.thatIsLost(after: taken))
        world.input = BlockSource([(1...300).map(String.init).joined(separator: "\n")])
        let outcome = await world.run("send", "-l", "--to", "9812345678")
        #expect(outcome.rows.count == taken, "a row for each that was taken")
        #expect(outcome.errors.last?.contains("gone; nothing from line \(line) of stdin on was sent") == true)
    }

    @Test func aLineThatWentToSomeOnlyIsNamed() async throws {
        var world = World(.thatIsLost(after: 3))
        world.input = BlockSource(["one\ntwo\nthree\n"])
        let outcome = await world.run("send", "-l", "--to", "9812345678,9812345679")
        let sentence = "line 2 of stdin went to some only, and nothing behind it was sent"
        #expect(outcome.errors.last?.contains(sentence) == true)
    }

    @Test func stdoutThatCannotBeWrittenIs74() async {
        let world = World()
        world.output.fail(with: CommandFailure(.ours(.outputFailed), "no space", hint: "make some", status: .io))
        #expect(await world.run("send", "--to", "9812345678", "hi").status == .io)
    }

    @Test func onATerminalItSaysThatItReads() async {
        var world = World()
        world.terminals = Terminals(input: true, output: true, errors: true)
        world.environment["TERM"] = "dumb"
        world.input = BlockSource(["hi\n"])
        let outcome = await world.run("send", "--to", "9812345678")
        #expect(outcome.errors == ["scactl: reading from the terminal; Ctrl-D ends it"])
        #expect(outcome.rows == ["✓✓ 9812345678 stored 3 ms"])
    }

    @Test(arguments: [
        ["send", "hi"], ["send", "-l"], ["send", "-l", "-j", "--to", "9812345678"],
        ["send", "--to", "9812345678", "-l", "hi"], ["send", "--to", "98 12345678", "hi"],
        ["send", "--to", "9812345678", "--wait", "read", "hi"], ["send", "--to", "9812345678,", "hi"],
        ["send", "--to", "9812345678", "--timeout", "soon", "hi"], ["send", "--to"],
    ])
    func whatMakesNoSenseIs64AndSendsNothing(_ arguments: [String]) async {
        let world = World()
        let status = await Scactl.run(arguments, in: world.context)
        #expect(status == .usage)
        #expect(world.network.made.isEmpty)
        #expect(world.errors.lines.count == 1)
    }
}
