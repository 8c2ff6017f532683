internal import ArgumentParser
internal import Glibc
internal import SCAClient
internal import SCACore

/// `scactl chat`: the interactive prompt.
struct Chat: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        _superCommandName: Scactl.name,
        abstract: "Chat at a prompt.",
        discussion: """
            What is typed is sent to the current peer, a line a message; a pasted block is one message. What arrives appears \
            above the line. /to MOBILE chooses whom to write to, /help lists the commands, Tab completes, Ctrl-D leaves. Keys \
            are GNU readline's, and ~/.inputrc holds. --timeout is how long connecting may take.
            """
    )

    @Argument(
        help: ArgumentHelp("Whom to write to; /to changes it.", valueName: "mobile"),
        completion: MobileCompletion.peers
    )
    var peer: String?

    @Flag(help: "Redraw nothing but the line that is typed: for screen readers and simple terminals.")
    var plain = false

    @OptionGroup
    var shared: SharedOptions

    /// How many messages with the peer are shown at the start.
    private static let recalled = 10

    func run(_ invocation: Invocation) async throws -> ExitStatus {
        let peer = try peer.map { (text) throws(CommandFailure) in try Mobile(argument: text) }
        let context = invocation.context
        if shared.output == "json" {
            throw CommandFailure.usage("chat is for people; there are no JSON rows in it", hint: "scactl pipe")
        }
        guard context.terminals.input, context.terminals.output, MainLoop.waitForForeground(of: STDIN_FILENO) else {
            throw CommandFailure.usage(
                "chat needs a terminal for both stdin and stdout",
                hint: "in a pipe: scactl send, scactl listen or scactl pipe"
            )
        }
        let prompt = try await makePrompt(invocation)
        let signals = context.signals.claim([SIGTSTP, SIGCONT, SIGWINCH])
        // Not structured: it waits for signals, which do not end with anything; giving up the claim ends it.
        let hands = Task { for await signal in signals { try? await prompt.handle(signal: signal) } }
        defer { hands.cancel() }
        do {
            let status = try await chat(atThe: prompt, invocation, with: peer)
            await prompt.leave()
            return status
        } catch {
            await prompt.leave()
            throw error
        }
    }

    private func chat(atThe prompt: Prompt, _ invocation: Invocation, with peer: Mobile?) async throws -> ExitStatus {
        // From here on everything that is said appears above the prompt.
        var context = invocation.context
        (context.output, context.errors) = (prompt, prompt)
        let console = try Console(.text, TerminalStyle.Choice(option: shared.color), in: context)
        var invocation = try Invocation(shared, console: console, in: context)
        do throws(CommandFailure) { _ = try invocation.mobile() } catch {
            guard error.status == .notAdmitted else { throw error }
            invocation = try await FirstRun(prompt: prompt, shared: shared, invocation: invocation).run()
        }
        let mobile = try invocation.mobile()
        var configuration = try invocation.configuration(isVisible: true, presence: .all)
        configuration.connectTimeout = invocation.timeout ?? Invocation.patience
        configuration.reconnect = .standard
        let file = try invocation.paths.history(of: mobile)
        let store = HistoryStore(path: file)
        // Opened before anybody sees us online, so that what is wrong with it is said now and not at the first message.
        try await store.storeOwn([])
        // Read before anything can arrive, or it would be shown twice.
        let desk = HistoryDesk(path: file)
        let rows = try await desk.last(KnownPeers.rows)
        let recalled = try await recalled(of: peer, from: desk)
        let machine = ChatMachine(mobile: mobile, peer: peer, after: rows, context.time)
        let renderer = TextRenderer(
            style: TerminalStyle(try .init(option: shared.color), isTerminal: true, environment: context.environment),
            isTerminal: true,
            zone: context.time.zone,
            now: context.time.now,
            columns: context.columns
        )
        let endpoint = invocation.endpoint
        let here = invocation
        return try await here.withConnection(configuration, store: store, timeout: nil) { visit in
            let view = ChatView(
                renderer: renderer,
                place: ["\(endpoint) (\(visit.info.dialect.rawValue)), as \(mobile)", "history: \(file)"]
            )
            let welcome = "connected as \(mobile); /help lists the commands, Ctrl-D leaves"
            try await prompt.write(view.lines(for: .remark(welcome)))
            let loop = ChatLoop(
                visit,
                here,
                prompt: prompt,
                machine: machine,
                view: view,
                store: store,
                desk: desk
            )
            return try await prompt.takingInterrupts(context.signals) { try await loop.run(after: recalled) }
        }
    }

    /// The last messages with the peer; nil without one.
    private func recalled(of peer: Mobile?, from desk: HistoryDesk) async throws -> [HistoryRow]? {
        guard let peer else { return nil }
        var filter = HistoryFilter()
        filter.peers = [peer]
        return try await desk.last(Self.recalled, matching: filter)
    }

    private func makePrompt(_ invocation: Invocation) async throws -> Prompt {
        let environment = invocation.context.environment
        let style = TerminalStyle(try .init(option: shared.color), isTerminal: true, environment: environment)
        var history: InputHistory?
        do throws(SettingsError) {
            try invocation.paths.makeStateFolder()
            history = InputHistory(path: try invocation.paths.stateFolder + "/input_history")
        } catch {
            await invocation.console.remark("typed lines will not be kept: \(error.message)")
        }
        let editor = ReadlineEditor(
            history: history,
            isPlain: plain,
            isDumb: environment["TERM"].map { $0 == "dumb" || $0.isEmpty } ?? true,
            isColored: style.isColored
        )
        return Prompt(
            on: TerminalExecutor(descriptor: STDIN_FILENO),
            editor: editor,
            output: DescriptorWriter(descriptor: STDOUT_FILENO, name: "the terminal")
        )
    }
}

extension ChatMachine {
    /// - Parameter rows: the last of the history, oldest first: whom one talks to, and to whom today.
    init(mobile: Mobile, peer: Mobile?, after rows: [HistoryRow], _ time: TimeSource) {
        let today = time.zone.localTime(at: time.now()).date
        let companions = rows.filter { time.zone.localTime(at: $0.ts).date == today }.map(\.peer)
        self.init(
            mobile: mobile,
            peer: peer,
            known: KnownPeers.peers(in: rows),
            companions: Set(companions)
        )
    }
}
