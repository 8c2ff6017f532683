internal import SCAClient
internal import SCACore

// What happens at the prompt: a pure machine. Lines and events go in with the time, actions come out. Nothing here knows of
// terminals, files or sockets.
//
//   typed while connected      submitted at once; its mark follows when the outcome is known
//   typed while not            kept here, submitted in order on return; shown as not sent when the prompt is left before
//   under way at the loss      the client sends it again on return, with the same id
//
// Rejected: letting the client retry for hours (`retryFor`): it would also wait for a recipient who is offline, and the
// person who writes wants to know that now.

/// The state of a chat.
struct ChatMachine: Sendable {
    /// What the owner is to do.
    enum Action: Hashable, Sendable {
        case show([ChatLine])
        case submit([Outgoing])
        /// Show the last messages, with this peer or with all.
        case recall(Int, Mobile?)
        /// Show the messages that contain this.
        case search(String)
        case leave
    }

    /// How long the answer to a message may take. Long, so that a message typed before a loss was noticed goes out again on return.
    static let patience = Duration.seconds(60)

    let mobile: Mobile
    /// Whom a text goes to.
    private(set) var peer: Mobile?
    private var picture = PresencePicture()
    private var online: Set<Mobile> = []
    /// Talked to today: their comings and goings are shown.
    private var companions: Set<Mobile>
    /// The latest first.
    private var known: [Mobile]
    private var showsEveryone = false
    private var isConnected = true
    private var waiting: [Outgoing] = []
    /// Submitted, and not answered yet.
    private var underWay: [MessageID: Outgoing] = [:]
    /// The line that was sent last, while nothing is printed below it: its mark needs no name.
    private var bareLine: MessageID?
    private var hasToldHowToAnswer = false

    /// - Parameters:
    ///   - mobile: who types.
    ///   - peer: whom a text goes to, until `/to`.
    ///   - known: those talked to before, the latest first.
    ///   - companions: those of them talked to today.
    init(mobile: Mobile, peer: Mobile?, known: [Mobile] = [], companions: Set<Mobile> = []) {
        self.mobile = mobile
        self.peer = peer
        self.known = known
        self.companions = companions
        hasToldHowToAnswer = peer != nil
    }

    /// What stands in front of the line.
    var prompt: String { peer.map { "\($0)> " } ?? "> " }

    /// What Tab knows.
    var completion: Completion {
        Completion(mobiles: (online.subtracting([mobile]).sorted() + known).withoutRepeats)
    }

    private var isPeerOnline: Bool? { isConnected && picture.isComplete ? peer.map(online.contains) : nil }

    private var status: ChatStatus {
        ChatStatus(
            isConnected: isConnected,
            peer: peer,
            isPeerOnline: isPeerOnline,
            waiting: waiting.count,
            underWay: underWay.count
        )
    }

    // MARK: What is typed

    /// Takes a line.
    ///
    /// - Parameter makeID: names a message.
    mutating func enter(_ line: String, makeID: () -> MessageID) -> [Action] {
        bareLine = nil
        switch ChatEntry(line) {
        case .nothing: return []
        case .refused(let sentence): return [.show([.refusal(sentence)])]
        case .text(let text): return send(text, id: makeID())
        case .command(let command): return run(command)
        }
    }

    private mutating func send(_ text: String, id: MessageID) -> [Action] {
        guard let peer else {
            return [.show([.refusal("to whom? /to MOBILE first; the arrow up brings your line back")])]
        }
        meet(peer)
        let message = Outgoing(to: peer, text: text, id: id, timeout: Self.patience)
        guard isConnected else {
            waiting.append(message)
            return [.show([.kept])]
        }
        underWay[id] = message
        bareLine = id
        return [.submit([message])]
    }

    private mutating func run(_ command: SlashCommand) -> [Action] {
        switch command {
        case .to(let mobile):
            peer = mobile
            hasToldHowToAnswer = true
            return isPeerOnline == false ? [.show([.remark("\(mobile) is not online")])] : []
        case .who:
            return [.show([isConnected ? .online(online.sorted(), of: mobile) : .refusal("not known: no connection")])]
        case .history(let count): return [.recall(count, peer)]
        case .grep(let text): return [.search(text)]
        case .presence(let isOn):
            showsEveryone = isOn
            return [.show([.remark(isOn ? "showing who comes and goes" : "showing only those you talk to")])]
        case .status: return [.show([.status(status)])]
        case .help: return [.show([.help])]
        case .quit: return [.leave]
        }
    }

    // MARK: What happens

    /// Takes what the client reports.
    ///
    /// - Parameter now: milliseconds since 1970 UTC.
    mutating func take(_ events: [ClientEvent], now: Int64) -> [Action] {
        var lines: [ChatLine] = []
        var actions: [Action] = []
        for event in events {
            if case .reconnected = event {
                actions += [.show(lines)] + comeBack(event)
                lines = []
            } else {
                lines += take(event, now)
            }
        }
        actions.append(.show(lines))
        return actions.filter { $0 != .show([]) }
    }

    /// What was typed and will not be sent any more.
    mutating func leave() -> [ChatLine] {
        defer { waiting = [] }
        return waiting.map { .notSent($0) }
    }

    /// There will be no answers any more: what has none, in the order of their making, which is that of their ids.
    mutating func end() -> [ChatLine] {
        defer { underWay = [:] }
        return underWay.values.sorted { $0.id.text < $1.id.text }.map { .notSent($0) } + leave()
    }

    private mutating func comeBack(_ event: ClientEvent) -> [Action] {
        isConnected = true
        for message in waiting { underWay[message.id] = message }
        bareLine = nil
        defer { waiting = [] }
        return [.show([.remark(event.remark ?? "")]), .submit(waiting)].filter { $0 != .submit([]) }
    }

    private mutating func take(_ event: ClientEvent, _ now: Int64) -> [ChatLine] {
        let lines = lines(for: event, now)
        if !lines.isEmpty { bareLine = nil }
        return lines
    }

    private mutating func lines(for event: ClientEvent, _ now: Int64) -> [ChatLine] {
        switch event {
        case .message(let message): return arrive(HistoryRow(message))
        case .delivery(let delivery):
            underWay[delivery.id] = nil
            return [.outcome(delivery, isBare: delivery.id == bareLine, isToPeer: delivery.to == peer)]
        case .onlineUsers(let mobiles):
            let isFirst = !picture.isComplete
            let change = picture.take(list: mobiles)
            return news(change, now, isQuiet: isFirst)
        case .presence(let joined, let left): return news(picture.take(joined: joined, left: left), now)
        case .disconnected:
            isConnected = false
            return [.remark(event.remark ?? "")]
        case .storeFailed(let error): return [.failure(CommandFailure(explaining: error))]
        case .historyHealed(let sentence): return [.remark(sentence)]
        case .connected, .reconnecting, .reconnected, .badFrame, .ended: return []
        }
    }

    private mutating func arrive(_ row: HistoryRow) -> [ChatLine] {
        meet(row.peer)
        guard !hasToldHowToAnswer, row.direction == .in else { return [.message(row)] }
        hasToldHowToAnswer = true
        return [.message(row), .remark("/to \(row.from) answers")]
    }

    private mutating func news(_ change: PresencePicture.Change, _ now: Int64, isQuiet: Bool = false) -> [ChatLine] {
        online.formUnion(change.came)
        online.subtract(change.went)
        guard !isQuiet else {
            // The first list: what is news of the others would be noise, but whoever writes to somebody should know.
            return peer.flatMap { online.contains($0) ? nil : [.remark("\($0) is not online")] } ?? []
        }
        let (came, went) = (change.came.filter(isOfInterest), change.went.filter(isOfInterest))
        return came.isEmpty && went.isEmpty ? [] : [.presence(came: came, went: went, at: now)]
    }

    private func isOfInterest(_ other: Mobile) -> Bool {
        other != mobile && (showsEveryone || other == peer || companions.contains(other))
    }

    private mutating func meet(_ other: Mobile) {
        companions.insert(other)
        guard known.first != other else { return }
        known.removeAll { $0 == other }
        known.insert(other, at: 0)
    }
}
