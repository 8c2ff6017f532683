internal import Glibc

/// The prompt at the bottom of the terminal: asks for lines, and prints above the line that is half typed. An actor on the
/// thread that waits for the terminal; the owner of the line editor.
///
/// Everything that appears on the screen while the prompt is there goes through `write`, rows, remarks and errors alike, so
/// that nothing is ever printed into somebody's typing. One `write`, however many lines, is one redraw.
actor Prompt: LineSink {
    /// So many keys are taken before what waits to be printed gets its turn.
    private static let keysAtOnce = 256

    private let executor: TerminalExecutor
    private let editor: any LineEditor
    private let output: any LineSink
    private var isOpen = true
    private var wasInterrupted = false
    /// CONT follows a stop by TSTP, after which the line is there again already.
    private var isContinueDue = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - executor: the terminal's thread.
    ///   - editor: nobody else's.
    ///   - output: the terminal.
    init(on executor: TerminalExecutor, editor: sending any LineEditor, output: any LineSink) {
        self.executor = executor
        self.editor = editor
        self.output = output
    }

    /// Asks for a line.
    ///
    /// - Parameters:
    ///   - prompt: what stands in front of it.
    ///   - completion: what Tab knows.
    ///   - endsWhenInterrupted: whether Ctrl-C is an end; otherwise it begins the line anew.
    /// - Returns: `.end` also once the prompt is closed.
    func ask(
        _ prompt: String,
        completion: Completion = Completion(),
        endsWhenInterrupted: Bool = false
    ) async -> LineEditorEvent {
        wasInterrupted = false
        guard isOpen, executor.waitForForeground() else { return .end }
        editor.begin(prompt, completion: completion)
        while isOpen, !(endsWhenInterrupted && wasInterrupted) {
            switch takeKeys() {
            case .interrupt: try? interrupt()
            case let event?: return event
            case nil: await executor.waitForInput()
            }
        }
        editor.finish()
        return .end
    }

    private func takeKeys() -> LineEditorEvent? {
        for _ in 0..<Self.keysAtOnce {
            switch executor.input {
            case .nothing: return nil
            case .gone: return .end
            case .keys:
                if let event = editor.takeInput() { return event }
            }
        }
        return nil
    }

    private func interrupt() throws(CommandFailure) {
        wasInterrupted = true
        if !editor.interrupt() { try write([Array("(Ctrl-D leaves)\n".utf8)]) }
    }

    /// Changes what Tab knows.
    func complete(with completion: Completion) { editor.complete(with: completion) }

    /// Adds a line to the input history.
    func remember(_ line: String) { editor.remember(line) }

    /// Ends a question that is being asked, and all later ones.
    func close() {
        isOpen = false
        executor.cancelWait()
    }

    /// Gives the terminal back; what is written then is simply written.
    func leave() {
        editor.finish()
    }

    /// Prints lines above the prompt.
    func write(_ lines: [[UInt8]]) throws(CommandFailure) {
        guard !lines.isEmpty else { return }
        editor.hide()
        defer { editor.show() }
        try output.writeBlocking(Array(lines.joined()))
    }

    nonisolated func writeBlocking(_ line: [UInt8]) throws(CommandFailure) { try output.writeBlocking(line) }

    /// Has Ctrl-C for itself while something runs; before and after, as while connecting, it ends the process as usual.
    nonisolated func takingInterrupts<Value: Sendable>(
        _ signals: SignalTap,
        _ body: () async throws -> Value
    ) async rethrows -> Value {
        let interrupts = signals.claim([SIGINT])
        // Not structured: it waits for signals, which do not end with anything; giving up the claim ends it.
        let hand = Task { for await signal in interrupts { try? await handle(signal: signal) } }
        defer { hand.cancel() }
        return try await body()
    }

    /// What the keyboard, the window or the shell has to say.
    ///
    /// - Parameter signal: INT, TSTP, CONT or WINCH.
    func handle(signal: Int32) throws(CommandFailure) {
        switch signal {
        case SIGINT:
            try interrupt()
            executor.cancelWait()
        case SIGTSTP:
            editor.suspend()
            isContinueDue = true
            MainLoop.stopProcess()
            resume()
        case SIGCONT:
            if !isContinueDue { resume() }
            isContinueDue = false
        default: editor.resize()
        }
    }

    /// After `bg` the shell has the terminal, and it is waited for.
    private func resume() {
        if executor.waitForForeground() { editor.resume() } else { close() }
    }
}
