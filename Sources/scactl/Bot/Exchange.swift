internal import SCAClient
internal import SCACore

/// Who asked, and gets the answers: stdout, or one run of a bot's program.
protocol AnswerSink: AnyObject, Sendable {
    func answer(_ rows: [Row]) async
}

/// What `pipe` and `bot` have in common: a program's lines become messages and questions, what becomes of them becomes rows.
///
/// An actor, because lines are read while answers come in. Reading waits when the client's window is full, and when too many
/// messages are without a printed and stored answer; so memory stays bounded however much a program writes. When there is
/// no more input and every answer is there, the connection is closed, which ends the events and with them everything.
actor Exchange {
    /// How many messages are made before they are submitted: as many as the client's window has.
    private static let batch = 256
    /// How many messages may be without a printed and stored answer.
    private static let limit = 16 * batch

    /// A message that was submitted, and who wants to know of it.
    private struct Asked {
        var reference: String?
        var sink: any AnswerSink
    }

    private let visit: Visit
    private let invocation: Invocation
    private let store: HistoryStore
    private let mobile: Mobile
    private let retryFor: Duration?
    private var limiter: ReplyLimiter
    private var senders = RecentSenders()
    private var asked: [MessageID: Asked] = [:]
    private var outstanding = 0
    private var room: [CheckedContinuation<Void, Never>] = []
    private var isOver = false
    private var isInputOver = false
    private var hasHistoryFailed = false
    /// Why the connection took no more, if it will not say so itself.
    private(set) var submitFailure: ClientError?
    /// The gravest of what became of lines and messages.
    private(set) var status = ExitStatus.done

    private var context: CommandContext { invocation.context }

    /// - Parameter retryFor: for how long each message is tried again; nil for one try.
    init(
        _ visit: Visit,
        _ invocation: Invocation,
        store: HistoryStore,
        retryFor: Duration?,
        limiter: ReplyLimiter = .unlimited
    ) throws(CommandFailure) {
        self.visit = visit
        self.invocation = invocation
        self.store = store
        self.retryFor = retryFor
        self.limiter = limiter
        mobile = try invocation.mobile()
    }

    /// Remembers who sent what, for `reply`. To be called before a program hears of the messages.
    func remember(_ messages: [HistoryRow]) {
        for message in messages { senders.insert(message.id, from: message.from) }
    }

    /// Does what these lines ask for, in order.
    func take(_ records: [RecordSplitter.Record], answering sink: any AnswerSink) async {
        var batch: [Outgoing] = []
        for record in records {
            do throws(CommandFailure) {
                guard let request = try PipeRequest.parse(record) else { continue }
                let (recipients, text) = try message(of: request)
                guard let text else {
                    await submit(&batch)
                    await tellWhoIsOnline(request, answering: sink)
                    continue
                }
                for recipient in recipients {
                    guard await isWithinLimit(recipient, request.reference, sink) else { continue }
                    batch.append(outgoing(text, to: recipient, request.reference, sink))
                    if batch.count == Self.batch { await submit(&batch) }
                }
            } catch {
                await refuse(error, answering: sink)
            }
        }
        await submit(&batch)
    }

    /// Sends the answer of a handler.
    func reply(_ text: String, to recipient: Mobile, answering sink: any AnswerSink) async {
        guard await isWithinLimit(recipient, nil, sink) else { return }
        var batch = [outgoing(text, to: recipient, nil, sink)]
        await submit(&batch)
    }

    /// Stores and tells what became of messages, in this order: what is told is kept.
    func settle(_ deliveries: [Delivery]) async {
        var answers: [(sink: any AnswerSink, rows: [Row])] = []
        for delivery in deliveries {
            guard let asked = asked.removeValue(forKey: delivery.id) else { continue }
            status = status.combined(with: delivery.status.exitStatus)
            let row = Row.sent(SentRow(delivery, reference: asked.reference))
            if let last = answers.last, last.sink === asked.sink {
                answers[answers.count - 1].rows.append(row)
            } else {
                answers.append((asked.sink, [row]))
            }
        }
        await store(deliveries)
        for answer in answers { await answer.sink.answer(answer.rows) }
        outstanding -= deliveries.count
        if outstanding < Self.limit { makeRoom() }
        await closeIfDone()
    }

    /// There is no more input: ends the connection once every answer is there.
    func endInput() async {
        isInputOver = true
        await closeIfDone()
    }

    /// The connection is over: lets go whoever waits.
    func end() {
        isOver = true
        makeRoom()
    }

    // MARK: Requests

    /// - Returns: to whom, and what; nothing for a question.
    private func message(of request: PipeRequest) throws(CommandFailure) -> ([Mobile], String?) {
        do throws(CommandFailure) {
            switch request.action {
            case .who: return ([], nil)
            case .send(let recipients, let text):
                try visit.info.check(text, to: recipients, line: request.line, context.makeMessageID)
                return (recipients, text)
            case .reply(let id, let text):
                let sender = try sender(of: id, line: request.line)
                try visit.info.check(text, to: [sender], line: request.line, context.makeMessageID)
                return ([sender], text)
            }
        } catch {
            var failure = error
            failure.reference = request.reference
            throw failure
        }
    }

    private func sender(of id: MessageID, line: Int) throws(CommandFailure) -> Mobile {
        switch senders[id] {
        case .one(let mobile): return mobile
        case .several:
            throw .badInput("several have sent a message with the id \(id.text)", hint: "\"to\" names one", line: line)
        case nil:
            throw .badInput(
                "no message \(id.text) among the last \(RecentSenders.generation) that arrived",
                hint: "\"to\" names the recipient",
                line: line
            )
        }
    }

    private func tellWhoIsOnline(_ request: PipeRequest, answering sink: any AnswerSink) async {
        do throws(ClientError) {
            let online = try await visit.connection.onlineUsers(timeout: nil)
            let rows = online.map { Row.user($0, isOnline: true, reference: request.reference) }
            await sink.answer(rows + [.who(online: online.count, reference: request.reference)])
        } catch {
            // Why the connection is over is told once, when the command ends.
            guard error.code != .closed else { return }
            var failure = CommandFailure(explaining: error)
            (failure.line, failure.reference) = (request.line, request.reference)
            await refuse(failure, answering: sink)
        }
    }

    private func refuse(_ failure: CommandFailure, answering sink: any AnswerSink) async {
        status = status.combined(with: failure.status)
        await sink.answer([.error(failure)])
    }

    // MARK: Messages

    private func isWithinLimit(_ recipient: Mobile, _ reference: String?, _ sink: any AnswerSink) async -> Bool {
        let verdict = limiter.take(for: recipient, now: context.time.uptime())
        guard case .refused(let isNews) = verdict else { return true }
        let reason = "more than \(limiter.limit) messages a minute to one mobile (--max-replies-per-minute)"
        // Also with --quiet: answers are lost.
        if isNews { await invocation.console.warn("\(recipient) gets no more for now: \(reason)") }
        let row = SentRow(
            id: context.makeMessageID(),
            reference: reference,
            to: recipient,
            status: .rejected,
            unixMilliseconds: context.time.now(),
            elapsed: .zero,
            reason: reason
        )
        await sink.answer([.sent(row)])
        return false
    }

    private func outgoing(
        _ text: String,
        to recipient: Mobile,
        _ reference: String?,
        _ sink: any AnswerSink
    ) -> Outgoing {
        let id = context.makeMessageID()
        asked[id] = Asked(reference: reference, sink: sink)
        return Outgoing(to: recipient, text: text, id: id, timeout: Invocation.patience, retryFor: retryFor)
    }

    private func submit(_ batch: inout [Outgoing]) async {
        guard !batch.isEmpty else { return }
        while outstanding >= Self.limit, !isOver { await withCheckedContinuation { room.append($0) } }
        outstanding += batch.count
        do throws(ClientError) { try await visit.connection.submit(batch) } catch {
            // The connection is over; why comes as the last event. If it is not, nothing more would come of it.
            if error.code != .closed { submitFailure = error }
            await visit.connection.close(grace: .seconds(1))
        }
        batch.removeAll(keepingCapacity: true)
    }

    private func store(_ deliveries: [Delivery]) async {
        do { try await store.storeOwn(deliveries.map { HistoryRow($0, from: mobile) }) } catch {
            status = status.combined(with: .io)
            // Once is enough: what is wrong with the disk is wrong for every message.
            if !hasHistoryFailed { await invocation.console.report(CommandFailure(ownCopies: error)) }
            hasHistoryFailed = true
        }
    }

    private func makeRoom() {
        for continuation in room { continuation.resume() }
        room.removeAll()
    }

    private func closeIfDone() async {
        if isInputOver, outstanding == 0 { await visit.connection.close(grace: .zero) }
    }
}
