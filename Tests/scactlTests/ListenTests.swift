import SCAClient
import SCACore
import Testing

@testable import scactl

@Suite(.timeLimit(.minutes(10))) struct ListenTests {
    private func network(_ batches: [ClientEvent]..., end: ClientError? = nil) -> ScriptedNetwork {
        ScriptedNetwork {
            $0.events = batches
            $0.end = end
        }
    }

    @Test func messagesArePrintedAsTheyAreStored() async {
        let world = World(network([.message(.example("a"))]))
        let outcome = await world.run("listen", "-n", "1")
        #expect(
            outcome.rows == [
                #"{"type":"message","id":"a","ts":1795356202974,"dir":"in","from":"9812345678","to":"9876543210","text":"hi"}"#
            ]
        )
        #expect(outcome.status == .done)
    }

    @Test func aListenerIsVisibleStoresConfirmsAndReconnects() async throws {
        let world = World(network([.message(.example("a"))]))
        _ = await world.run("listen", "-n", "1")
        let connection = try world.connection
        #expect(connection.configuration.isVisible && connection.configuration.sendsReceipts && connection.hasStore)
        #expect(connection.configuration.reconnect == .standard)
        #expect(connection.configuration.presence == .none)
    }

    @Test func withoutAStoreNothingIsConfirmed() async throws {
        let world = World(network([.message(.example("a"))]))
        _ = await world.run("listen", "--no-store", "-n", "1")
        #expect(try !world.connection.hasStore && !world.connection.configuration.sendsReceipts)
    }

    @Test func countEndsInTheMiddleOfABatch() async {
        let world = World(network([.message(.example("a")), .message(.example("b")), .message(.example("c"))]))
        #expect(await world.run("listen", "-n", "2").rows.count == 2)
    }

    @Test func countZeroEndsAtOnce() async {
        let world = World()
        #expect(await world.run("listen", "-n", "0").status == .done)
        #expect(world.network.made.isEmpty)
    }

    @Test func fromLetsOnlyTheseThroughAndCountsOnlyThem() async {
        let world = World(
            network([.message(.example("a", from: World.other)), .message(.example("b"))], [.message(.example("c"))])
        )
        let outcome = await world.run("listen", "--from", "9812345678", "-n", "2")
        #expect(outcome.rows.map { $0.contains("9000000001") } == [false, false])
    }

    @Test func tailComesFirstAndWhatIsInItIsNotRepeated() async throws {
        let world = World(network([.message(.example("b")), .message(.example("c"))]))
        try world.store(.example("a"), .example("b"), .example("x", peer: World.other))
        let outcome = await world.run("listen", "--no-store", "--tail", "2", "--from", "9812345678", "-n", "1")
        #expect(outcome.rows.map { $0.split(separator: "\"")[7] } == ["a", "b", "c"])
    }

    @Test func timeoutIs124WithoutAWordSinceItWasAskedFor() async {
        var world = World()
        world.sleep = { _ in }
        let outcome = await world.run("listen", "--timeout", "5s")
        #expect(outcome.status == .timedOut)
        #expect(outcome.errors.isEmpty)
    }

    @Test func idleIs124() async {
        var world = World(network([.message(.example("a"))]))
        world.sleep = { _ in }
        let outcome = await world.run("listen", "--idle", "5s")
        #expect(outcome.status == .timedOut)
        #expect(outcome.rows.count == 1)
    }

    @Test func statusAndPresenceArePrintedOnlyWhenAskedFor() async throws {
        let events: [ClientEvent] = [
            .connected(ServerInfo(dialect: .v2)), .onlineUsers([World.peer]),
            .presence(joined: [World.other], left: []),
            .disconnected(ClientError(.connectionLost, "gone")), .reconnecting(attempt: 3, delay: .seconds(1)),
            .reconnected(ServerInfo(dialect: .v2), gap: .milliseconds(4210)), .onlineUsers([World.other]),
            .message(.example("a")),
        ]
        let silent = await World(network(events)).run("listen", "-n", "1")
        #expect(silent.rows.count == 1)
        #expect(silent.errors == ["scactl: gone; trying again", "scactl: connected again after 4.2s"])
        let all = World(network(events))
        let outcome = await all.run("listen", "-n", "1", "--events", "message,presence", "--events", "status")
        #expect(try all.connection.configuration.presence == .all)
        #expect(
            outcome.rows.dropLast() == [
                #"{"type":"status","state":"connected","ts":1795356202974}"#,
                #"{"type":"presence","mobile":"9000000001","online":true,"ts":1795356202974}"#,
                #"{"type":"status","state":"reconnecting","attempt":3,"ts":1795356202974}"#,
                #"{"type":"status","state":"reconnected","gap_ms":4210,"ts":1795356202974}"#,
                #"{"type":"presence","mobile":"9812345678","online":false,"ts":1795356202974}"#,
            ]
        )
        #expect(outcome.errors.isEmpty)
    }

    @Test func aSlowReaderIsToldOnceThatItLags() async {
        let burst = (0..<600).map { ClientEvent.message(.example("a\($0)")) }
        let more = (0..<300).map { ClientEvent.message(.example("b\($0)")) }
        let world = World(network(burst, more, [.message(.example("c"))], burst))
        let outcome = await world.run("listen", "--events", "message,status", "-n", "1501")
        #expect(outcome.rows.count { $0.contains("lagging") } == 2)
    }

    @Test func aMessageThatCannotBeStoredIsPrintedAndThenItEndsWith74() async {
        let error = HistoryError(code: .full, message: "no space left", hint: "make some")
        let world = World(network([.storeFailed(error), .message(.example("a"))]))
        let outcome = await world.run("listen")
        #expect(outcome.rows.count == 1)
        #expect(
            outcome.errors == [
                #"{"type":"error","code":"history_full","message":"no space left","hint":"make some","exit":74}"#
            ]
        )
        #expect(outcome.status == .io)
    }

    @Test(arguments: [false, true])
    func whatArrivesBehindAMessageThatCannotBeStoredIsPrintedToo(afterTail: Bool) async {
        let error = HistoryError(code: .full, message: "no space left", hint: "make some")
        let behind = [ClientEvent.storeFailed(error), .message(.example("b")), .message(.example("c"))]
        let world = World(ScriptedNetwork { $0.events = [[.storeFailed(error), .message(.example("a"))], behind] })
        let outcome = await afterTail ? world.run("listen", "--tail", "1") : world.run("listen")
        #expect(outcome.rows.count == 3)
        #expect(outcome.status == .io)
    }

    @Test(arguments: [
        (ClientError.Code.unauthorized, Int32(77)), (.protocolError, 76), (.connectionLost, 69),
    ])
    func whatEndsTheConnectionForGoodSaysWhichStatus(_ code: ClientError.Code, _ exit: Int32) async {
        let world = World(network([.message(.example("a"))], end: ClientError(code, "why")))
        let outcome = await world.run("listen")
        #expect(outcome.status.rawValue == exit)
        #expect(outcome.rows.count == 1)
    }

    @Test func aStopClosesAndEnds() async {
        let world = World(network([.message(.example("a"))]))
        async let outcome = world.run("listen")
        await world.output.reaches(1)
        #expect(world.stop.request())
        #expect(await outcome.status == .done)
    }

    @Test(arguments: [
        ["--events", "mesage"], ["-n", "x"], ["-n", "-1"], ["--tail", "few"], ["--idle", "5 s"], ["--from", "me"],
        ["-n", "1", "--events", "status"], ["extra"],
    ])
    func whatMakesNoSenseIs64(_ arguments: [String]) async {
        let world = World()
        #expect(await Scactl.run(["listen"] + arguments, in: world.context) == .usage)
        #expect(world.network.made.isEmpty)
    }
}
