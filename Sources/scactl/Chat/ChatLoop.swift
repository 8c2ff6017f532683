internal import Glibc
internal import SCAClient
internal import SCACore

/// A chat while it runs: takes lines from the prompt and events from the connection, in two tasks, gives them to the machine and
/// does what it says. An actor, because both tasks change the machine.
///
/// The client hands out everything that has happened since it was asked last, so what arrives while the screen is being drawn is
/// drawn together the next time; between two such drawings there is `pause`, long enough that a thousand messages a second cost
/// sixty drawings and typing does not lag, too short to be seen.
actor ChatLoop {
    static let pause = Duration.milliseconds(16)
    /// How many messages `/grep` shows at most, the last ones.
    static let longestSearch = 100

    private let visit: Visit
    private let invocation: Invocation
    private let prompt: Prompt
    private let store: HistoryStore
    private let desk: HistoryDesk
    private let view: ChatView
    private var machine: ChatMachine
    private var completion = Completion()
    private var hasHistoryFailed = false
    private var isLeaving = false
    private var outputFailure: CommandFailure?
    private var status = ExitStatus.done

    private var connection: any ChatConnection { visit.connection }

    /// - Parameters:
    ///   - invocation: for the clock and for names; what is shown goes to the prompt.
    ///   - store: what the connection stores with; own messages go there as well.
    ///   - desk: what `/history` and `/grep` read.
    init(
        _ visit: Visit,
        _ invocation: Invocation,
        prompt: Prompt,
        machine: ChatMachine,
        view: ChatView,
        store: HistoryStore,
        desk: HistoryDesk
    ) {
        self.visit = visit
        self.invocation = invocation
        self.prompt = prompt
        self.machine = machine
        self.view = view
        self.store = store
        self.desk = desk
    }

    /// Chats until the prompt is left or the connection is over for good.
    ///
    /// - Parameter recalled: the last messages with the peer, which are shown first; nil if there is no peer yet.
    /// - Returns: 0; 1 if something typed was not sent; 74 if something could not be stored.
    /// - Throws: why the connection is over.
    func run(after recalled: [HistoryRow]?) async throws -> ExitStatus {
        var end: ClientError?
        await withTaskGroup(of: Void.self) { group in
            if let recalled { await show(recalled, orElse: Self.nothing(with: machine.peer)) }
            group.addTask { await self.readLines() }
            while let events = await connection.nextEvents() {
                if case .ended(let error)? = events.last { end = error }
                await take(events)
            }
            await prompt.close()
        }
        // The connection is over: whatever has no answer now was never taken from us.
        await showNotSent(machine.end())
        if let failure = end ?? outputFailure as (any Error)? { throw failure }
        return status
    }

    private func readLines() async {
        while outputFailure == nil {
            switch await prompt.ask(machine.prompt, completion: machine.completion) {
            case .end, .interrupt:
                await perform([.leave])
                return
            case .line(let line):
                if ChatEntry(line) != .nothing { await prompt.remember(line) }
                let makeID = invocation.context.makeMessageID
                let actions = machine.enter(line, makeID: { makeID() })
                await perform(actions)
                if actions.contains(.leave) { return }
            }
        }
    }

    private func take(_ events: [ClientEvent]) async {
        let actions = machine.take(events, now: invocation.context.time.now())
        let deliveries = events.compactMap { if case .delivery(let delivery) = $0 { delivery } else { nil } }
        await remember(deliveries)
        // What is still unanswered when the prompt is left is not known to have arrived.
        if isLeaving, deliveries.contains(where: { !$0.status.isDelivered }) { status = status.combined(with: .no) }
        if events.contains(where: \.isStoreFailure) { status = status.combined(with: .io) }
        if machine.completion != completion {
            completion = machine.completion
            await prompt.complete(with: completion)
        }
        guard !actions.isEmpty else { return }
        await perform(actions)
        try? await invocation.context.time.sleep(Self.pause)
    }

    private func perform(_ actions: [ChatMachine.Action]) async {
        for action in actions {
            switch action {
            case .show(let lines): await show(lines)
            case .submit(let messages):
                // If it cannot be, the connection is over, and says so as its last event.
                try? await connection.submit(messages)
            case .recall(let count, let peer): await recall(count, peer)
            case .search(let text): await search(text)
            case .leave: await leave()
            }
        }
    }

    private func leave() async {
        isLeaving = true
        await showNotSent(machine.leave())
        await connection.close(grace: .seconds(1))
    }

    private func showNotSent(_ lines: [ChatLine]) async {
        if !lines.isEmpty { status = status.combined(with: .no) }
        await show(lines)
    }

    private func show(_ lines: [ChatLine]) async {
        guard outputFailure == nil else { return }
        do throws(CommandFailure) { try await prompt.write(lines.flatMap(view.lines)) } catch {
            outputFailure = error
            await connection.close(grace: .zero)
        }
    }

    // MARK: The history

    private func recall(_ count: Int, _ peer: Mobile?) async {
        var filter = HistoryFilter()
        if let peer { filter.peers = [peer] }
        await show(stored: filter, count, orElse: Self.nothing(with: peer))
    }

    private static func nothing(with peer: Mobile?) -> String {
        peer.map { "no messages with \($0) yet" } ?? "no messages yet"
    }

    private func search(_ text: String) async {
        var filter = HistoryFilter()
        filter.search = HistorySearch(text, ignoringCase: true)
        await show(stored: filter, Self.longestSearch, orElse: "no message contains that")
    }

    private func show(stored filter: HistoryFilter, _ count: Int, orElse sentence: String) async {
        do {
            await show(try await desk.last(count, matching: filter), orElse: sentence)
        } catch {
            await show([.failure(CommandFailure(explaining: error))])
        }
    }

    private func show(_ rows: [HistoryRow], orElse sentence: String) async {
        await show(rows.isEmpty ? [.remark(sentence)] : rows.map(ChatLine.message))
    }

    private func remember(_ deliveries: [Delivery]) async {
        guard !deliveries.isEmpty else { return }
        do { try await store.storeOwn(deliveries.map { HistoryRow($0, from: machine.mobile) }) } catch {
            status = status.combined(with: .io)
            // Once is enough: what is wrong with the disk is wrong for every message.
            if !hasHistoryFailed { await show([.failure(CommandFailure(ownCopies: error))]) }
            hasHistoryFailed = true
        }
    }
}

extension ClientEvent {
    fileprivate var isStoreFailure: Bool {
        if case .storeFailed = self { true } else { false }
    }
}
