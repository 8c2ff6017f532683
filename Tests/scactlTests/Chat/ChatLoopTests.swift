import SCAClient
import SCACore
import Testing

@testable import scactl

/// The loop between a scripted terminal and a scripted server.
@Suite(.timeLimit(.minutes(10))) struct ChatLoopTests {
    private let terminal = ScriptedTerminal()

    private func run(_ network: ScriptedNetwork, stored: [HistoryRow] = []) async throws -> (
        scactl.ExitStatus, history: [String]
    ) {
        var world = World(network)
        world.sleep = { _ in }
        if !stored.isEmpty { _ = try HistoryFile(path: world.historyPath).append(stored) }
        let context = world.context
        let console = Console(.text, .never, in: context)
        let invocation = try Invocation(SharedOptions.parse([]), console: console, in: context)
        let configuration = try invocation.configuration(isVisible: true, presence: .all)
        let store = HistoryStore(path: world.historyPath)
        let path = world.historyPath
        let view = ChatView(
            renderer: TextRenderer(style: .plain, isTerminal: true, zone: .fixed(0), now: { World.now })
        )
        let status = try await invocation.withConnection(configuration, store: store, timeout: nil) { visit in
            let loop = ChatLoop(
                visit,
                invocation,
                prompt: terminal.prompt,
                machine: ChatMachine(mobile: World.me, peer: World.peer),
                view: view,
                store: store,
                desk: HistoryDesk(path: path)
            )
            return try await loop.run(after: stored.suffix(2))
        }
        return (status, world.history)
    }

    private var shown: [String] { terminal.output.lines.flatMap { $0.split(separator: "\n").map(String.init) } }

    @Test func whatIsTypedIsSentStoredAndMarked() async throws {
        terminal.type("hello")
        async let outcome = run(ScriptedNetwork())
        await terminal.output.reaches(2)
        terminal.type("/quit")
        let (status, history) = try await outcome
        #expect(status == .done)
        #expect(shown == ["no messages with 9812345678 yet", "  ✓✓ stored"])
        #expect(
            history.count == 1 && history[0].contains(#""dir":"out""#) && history[0].contains(#""status":"stored""#)
        )
        #expect(terminal.said.contains("remember hello") && terminal.said.contains("remember /quit"))
    }

    @Test func theConversationSoFarIsShownFirst() async throws {
        terminal.hangUp()
        let rows: [HistoryRow] = [.example("1", text: "one"), .example("2", text: "two"), .example("3", text: "three")]
        #expect(try await run(ScriptedNetwork(), stored: rows).0 == .done)
        #expect(shown == ["14:03 9812345678: two", "14:03 9812345678: three"])
    }

    @Test func aBatchOfArrivalsIsOneDrawing() async throws {
        let network = ScriptedNetwork { script in
            script.events = [(0..<500).map { .message(.example("x\($0)", text: "message \($0)")) }]
        }
        async let outcome = run(network)
        await terminal.output.reaches(2)
        terminal.hangUp()
        #expect(try await outcome.0 == .done)
        #expect(terminal.output.lines.count == 2)
        #expect(shown.dropFirst() == (0..<500).map { "14:03 9812345678: message \($0)" }[...])
    }

    @Test func whatCouldNotBeSentIsSaidAndIsNoSuccess() async throws {
        let network = ScriptedNetwork { script in
            script.events = [[.disconnected(ClientError(.connectionLost, "gone"))]]
        }
        async let outcome = run(network)
        await terminal.output.reaches(2)
        terminal.type("hello")
        await terminal.output.reaches(3)
        terminal.hangUp()
        #expect(try await outcome.0 == .no)
        #expect(
            shown == [
                "no messages with 9812345678 yet", "gone; trying again", "  … kept until the connection is back",
                "not sent to 9812345678: hello",
            ]
        )
    }

    @Test func aConnectionThatIsOverForGoodEndsTheChat() async throws {
        let error = ClientError(.unauthorized, "not admitted")
        let network = ScriptedNetwork { $0.end = error }
        await #expect(throws: error) { try await run(network) }
    }

    @Test func historyAndGrepReadTheFile() async throws {
        let rows: [HistoryRow] = [
            .example("1", text: "soup"), .example("2", text: "Bread"), .example("3", text: "bread", peer: World.other),
        ]
        terminal.type("/grep bread")
        terminal.type("/history 1")
        terminal.type("/quit")
        #expect(try await run(ScriptedNetwork(), stored: rows).0 == .done)
        #expect(
            shown.dropFirst(2) == [
                "14:03 9812345678: Bread", "14:03 9000000001: bread", "14:03 9812345678: Bread",
            ]
        )
    }
}
