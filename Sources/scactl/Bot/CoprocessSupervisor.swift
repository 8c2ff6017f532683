internal import SCACore
internal import Synchronization

/// `bot`: one program that stays, reads rows and writes what to send. When it ends it is started again.
actor CoprocessSupervisor: BotProgram {
    private let command: ProgramCommand
    private let exchange: Exchange
    private let voice: BotVoice
    private let time: TimeSource
    private let process: Coprocess
    private var restarts = RestartPolicy()
    private var isStopped = false
    /// Ends the pause before a restart.
    private let stopping = StopSignal()
    private let onFailure: @Sendable (CommandFailure) async -> Void

    /// - Parameter onFailure: the program could not be started at all.
    init(
        _ command: ProgramCommand,
        _ exchange: Exchange,
        _ voice: BotVoice,
        _ time: TimeSource,
        onFailure: @escaping @Sendable (CommandFailure) async -> Void
    ) {
        self.command = command
        self.exchange = exchange
        self.voice = voice
        self.time = time
        self.onFailure = onFailure
        process = Coprocess { JSONLinesRenderer().line(for: .lagging(dropped: $0, at: time.now())) }
    }

    func deliver(_ message: HistoryRow) async {
        if !process.put(message: JSONLinesRenderer().line(for: .message(message))) { await voice.reportLagging() }
    }

    func run() async {
        var isFirst = true
        while !isStopped {
            let start = time.uptime()
            do throws(CommandFailure) {
                let exit = try await runOnce()
                if isStopped { return }
                await pause(after: time.uptime() - start, "\(command.name) \(exit?.words ?? "ended")")
            } catch {
                guard !isFirst else { return await onFailure(error) }
                await pause(after: .zero, error.message)
            }
            isFirst = false
        }
    }

    func stop() {
        isStopped = true
        process.stop()
        _ = stopping.request()
    }

    private func runOnce() async throws(CommandFailure) -> ChildExit? {
        let (process, voice) = (process, voice)
        let run = try await process.start(command)
        let sink = CoprocessAnswers(process, run: run, voice)
        while let event = await process.next(passOn: { voice.passOn($0) }) {
            switch event {
            case .asked(let lines): await exchange.take(lines, answering: sink)
            case .muted: await voice.reportMute()
            case .ended(let exit): return exit
            }
        }
        return nil
    }

    private func pause(after run: Duration, _ what: String) async {
        let delay = restarts.delay(after: run)
        await voice.report(
            .programEnded,
            "\(what); starting it again in \(delay.shortText)",
            hint: "scactl bot --each, if it answers one message and ends"
        )
        let (sleep, stops) = (time.sleep, stopping.requests())
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await sleep(delay) }
            group.addTask { for await _ in stops {} }
            await group.next()
            group.cancelAll()
        }
    }
}

/// The stdin of one run of the program, for what that run has asked; what became of messages is printed as well.
final class CoprocessAnswers: AnswerSink {
    private let process: Coprocess
    private let run: Int
    private let voice: BotVoice

    init(_ process: Coprocess, run: Int, _ voice: BotVoice) {
        self.process = process
        self.run = run
        self.voice = voice
    }

    func answer(_ rows: [Row]) async {
        let hasRoom = process.put(answers: rows.map { JSONLinesRenderer().line(for: $0) }, of: run)
        voice.outlet.add(rows.filter { if case .sent = $0 { true } else { false } })
        for case .error(let failure) in rows { await voice.console.report(failure) }
        if !hasRoom { await voice.reportLagging() }
    }
}
