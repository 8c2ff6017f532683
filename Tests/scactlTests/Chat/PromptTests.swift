import Glibc
import Testing

@testable import scactl

@Suite(.timeLimit(.minutes(10))) struct PromptTests {
    private let terminal = ScriptedTerminal()
    private var prompt: Prompt { terminal.prompt }

    @Test func aLineIsAskedForAndComesBack() async {
        terminal.type("hello")
        #expect(await prompt.ask("> ") == .line("hello"))
        #expect(terminal.said == ["begin > "])
    }

    @Test func aLineWaitsUntilItIsTyped() async {
        async let line = prompt.ask("> ")
        terminal.begin("hel")
        terminal.type("lo")
        #expect(await line == .line("hello"))
    }

    @Test func whatIsPrintedGoesAboveTheHalfTypedLineInOneDrawing() async throws {
        async let line = prompt.ask("> ")
        terminal.begin("half")
        // Once the editor has the four keys, what it hides says so.
        while terminal.said.last != "show half", !Task.isCancelled {
            try await prompt.write([Array("one\n".utf8), Array("two\n".utf8)])
        }
        #expect(terminal.said.suffix(2) == ["hide half", "show half"])
        #expect(terminal.output.lines.last == "one\ntwo")
        terminal.type(" done")
        #expect(await line == .line("half done"))
    }

    @Test func betweenLinesPrintingIsJustPrinting() async throws {
        terminal.type("x")
        _ = await prompt.ask("> ")
        try await prompt.write([Array("one\n".utf8)])
        #expect(terminal.said == ["begin > "])
        #expect(terminal.output.lines == ["one"])
    }

    @Test func closingEndsTheQuestionAndAllLaterOnes() async {
        async let line = prompt.ask("> ")
        await prompt.close()
        #expect(await line == .end)
        terminal.type("late")
        #expect(await prompt.ask("> ") == .end)
    }

    @Test func aTerminalThatIsGoneIsAnEndAndNotALine() async {
        async let line = prompt.ask("> ")
        terminal.begin("half")
        terminal.hangUp()
        #expect(await line == .end)
    }

    @Test func interruptClearsTheLineAndGoesOn() async throws {
        async let line = prompt.ask("> ")
        #expect(await terminal.isAsking())
        try await prompt.handle(signal: SIGINT)
        terminal.type("after")
        #expect(await line == .line("after"))
        #expect(terminal.said.contains("interrupt"))
        #expect(terminal.output.lines == ["(Ctrl-D leaves)"])
    }

    @Test func interruptEndsAQuestionThatItMayEnd() async throws {
        async let line = prompt.ask("? ", endsWhenInterrupted: true)
        #expect(await terminal.isAsking())
        try await prompt.handle(signal: SIGINT)
        #expect(await line == .end)
    }

    @Test func theWindowAndTheShellAreHeard() async throws {
        try await prompt.handle(signal: SIGWINCH)
        try await prompt.handle(signal: SIGCONT)
        #expect(terminal.said == ["resize", "resume"])
    }
}
