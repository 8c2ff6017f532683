internal import NIOCore
public import SCACore

extension ChatClient {
    /// Asks who is online.
    ///
    /// - Parameter timeout: nil: the configuration's `answerTimeout`.
    /// - Returns: each mobile once, in the server's order.
    /// - Throws: `timeout`, `closed`, `usage`, or why the client has ended.
    public func onlineUsers(timeout: Duration? = nil) async throws(ClientError) -> [Mobile] {
        try await ask(.list, timeout: timeout)
    }

    /// Asks whether these are online, and for `.presence` events about them from now on, over reconnects too.
    ///
    /// With `sca.v2` this is one frame for each 1,000 mobiles; a base server is asked for its list. A server may limit how
    /// many one session watches.
    ///
    /// - Returns: for each whether it is online now.
    /// - Throws: `too_large` if the server will not watch so many; `timeout`, `closed`, `usage`, or why the client has ended.
    public func watch(_ mobiles: [Mobile]) async throws(ClientError) -> [Mobile: Bool] {
        try checkUsable()
        guard !mobiles.isEmpty else { return [:] }
        presence.watch(mobiles)
        _ = try await ask(.watch(mobiles), timeout: nil)
        return Dictionary(mobiles.map { ($0, presence.isOnline($0)) }) { first, _ in first }
    }

    /// Ends the interest in these.
    ///
    /// - Throws: `closed`, `usage`, or why the client has ended.
    public func unwatch(_ mobiles: [Mobile]) async throws(ClientError) {
        try checkUsable()
        presence.unwatch(mobiles)
        guard tellsWatched else { return }
        let now = Moment.now()
        appendInChunks(mobiles.filter { !tracker.isWatching($0) }) { .unwatch($0) }
        settle(now)
    }

    /// Something a caller waits for an answer to.
    struct Question {
        enum Subject {
            /// Who is online: answered by any list.
            case list
            /// Whether these are: answered by the pong behind a `watch`, or by a list.
            case watch([Mobile])
        }

        let subject: Subject
        let asker: CheckedContinuation<Result<[Mobile], ClientError>, Never>
        let deadline: Scheduled<Void>
    }

    /// Whether the server keeps a watch for this session: with `sca.v2`, unless it tells of everyone anyway.
    var tellsWatched: Bool {
        machine.info?.dialect == .v2 && configuration.presence == .none
    }

    private func ask(_ subject: Question.Subject, timeout: Duration?) async throws(ClientError) -> [Mobile] {
        try checkUsable()
        let patience = timeout ?? configuration.answerTimeout
        questionCount += 1
        let number = questionCount
        let result = await withCheckedContinuation { asker in
            let deadline = loop.scheduleTask(in: TimeAmount(patience)) {
                self.assumeIsolated { $0.expire(number, patience) }
            }
            questions[number] = Question(subject: subject, asker: asker, deadline: deadline)
            if machine.info != nil { put(number) }
            settle(.now())
        }
        return try result.get()
    }

    /// Writes what a question takes; if there is no connection, `reask` will.
    private func put(_ number: Int) {
        guard let question = questions[number] else { return }
        switch question.subject {
        case .watch(let mobiles) where tellsWatched:
            appendInChunks(mobiles) { .watch($0) }
            ping(.question(number))
        case .list, .watch: connection?.append(.getOnlineUsers)
        }
    }

    /// After a reconnect: whatever is watched, and whatever was asked.
    func reask() {
        if tellsWatched { appendInChunks(presence.watchedMobiles) { .watch($0) } }
        for number in questions.keys.sorted() { put(number) }
    }

    /// A list has come: it answers all that wait for one.
    func answerQuestions(_ users: [Mobile]) {
        for (number, question) in questions {
            if case .watch = question.subject, tellsWatched { continue }
            answer(number, .success(users))
        }
    }

    /// Ends a question.
    func answer(_ number: Int, _ result: Result<[Mobile], ClientError>) {
        guard let question = questions.removeValue(forKey: number) else { return }
        question.deadline.cancel()
        question.asker.resume(returning: result)
    }

    /// A `watch` that was refused; false if none is waiting.
    func refuseWatch(_ error: WireError) -> Bool {
        let waiting = questions.filter { if case .watch = $0.value.subject { true } else { false } }
        guard let number = waiting.keys.min() else { return false }
        if case .watch(let mobiles) = waiting[number]?.subject { presence.unwatch(mobiles) }
        let code = error.code == .tooLarge ? ClientError.Code.tooLarge : .protocolError
        answer(number, .failure(ClientError(code, "the server refused to watch: \(error.message)")))
        return true
    }

    func appendInChunks(_ mobiles: [Mobile], _ frame: ([Mobile]) -> ClientFrame) {
        let size = WireLimits().watchedMobiles
        for start in stride(from: 0, to: mobiles.count, by: size) {
            connection?.append(frame(Array(mobiles[start..<min(start + size, mobiles.count)])))
        }
    }

    private func expire(_ number: Int, _ patience: Duration) {
        let message = "\(configuration.endpoint) did not answer within \(patience.shortText)"
        answer(number, .failure(ClientError(.timeout, message)))
    }
}
