internal import NIOCore
internal import SCACore

// What becomes of each message that is sent: a pure machine. Events go in with the time, actions come out in `actions`.
//
//     submit ─→ queued ─→ sent ─→ acknowledged ─→ settled (one .report)          sca.v2
//                 │  └──→ asking ─→ sent ─→ settled                              base: `BaseBatch`
//                 │  └──→ unwritten ─→ settled, unconfirmed                      Confirmation.none: no id, no answer
//                 └─ ← ─ parked: a failed try that may be repeated               `RetryLane`
//
// A connection that is lost puts everything unanswered back into the line, in the order it was submitted and with the same
// ids; a recipient's store drops what it has already. Against a base server, which relays no ids, that repetition may show.
//
// Every message has one deadline in one queue, and costs O(1) amortised: it is found by id or by ticket, and no list of
// messages is ever searched for it.
//
//   impossible (our bug)  an answer to a state that was not transmitted; ignored
//   hostile (the server)  an answer with the wrong recipient; ignored, so the message times out
//   harmless              answers that come twice or late, receipts before their ack (a receipt settles at once), a list
//                         or a pong that nobody waits for
//
// Rejected: a task or a continuation per message (an allocation and a scheduling each); remembering early receipts until
// their ack comes (what is on the recipient's disk needs no further word).

/// Follows messages from submitting to their outcome; exactly one `.report` for each.
struct DeliveryTracker: Sendable {
    /// What the owner is to do.
    enum Action: Hashable, Sendable {
        /// Write this frame.
        case transmit(ClientFrame)
        /// The outcome of a message is known.
        case report(Delivery)
        /// Write `get_online_users`.
        case askForList
        /// Write a `ping` whose pong is to be handed in by `barrierPassed`.
        case ping
        /// Tell `cameOnline` when this one comes online.
        case watch(Mobile)
        /// No longer.
        case unwatch(Mobile)
    }

    /// What a deadline is about.
    enum Subject: Hashable, Sendable {
        case message(Ticket)
        case lane(Mobile)
    }

    /// To be done, in order.
    var actions: [Action] = []
    var pending = PendingTable()
    var lanes: [Mobile: RetryLane] = [:]
    /// Lanes that wait for room in the window, which they get before the line does.
    var readyLanes = CircularBuffer<Mobile>()
    var batch = BaseBatch()
    var server: ServerInfo?
    var jitter: JitterSource
    /// How many are transmitted, or asked about, and not answered: what the window limits.
    var inFlight = 0
    let window: Int
    var line = CircularBuffer<Ticket>()
    var queued = 0
    var parked = 0
    var serial: UInt64 = 0
    var deadlines = DeadlineQueue<Subject>()
    var unwritten = CircularBuffer<Ticket>()
    var unwrittenEnd = 0
    private var isOver = false

    /// - Parameters:
    ///   - window: how many messages may be unanswered at once, 1 or more.
    ///   - seed: for the jitter of retries.
    init(window: Int, seed: UInt64) {
        self.window = max(window, 1)
        jitter = JitterSource(seed: seed)
    }

    /// How many more messages may be submitted now. Those that wait for a retry take no room from the others until there
    /// are 64 windows of them; then there is none.
    var room: Int {
        parked < 64 * window ? max(0, window - inFlight - queued) : 0
    }

    /// Whether the server was asked to tell about this mobile.
    func isWatching(_ mobile: Mobile) -> Bool {
        lanes[mobile]?.isWatching == true
    }

    /// Takes what is to be done, in order.
    mutating func takeActions() -> [Action] {
        guard !actions.isEmpty else { return [] }
        defer { actions = [] }
        return actions
    }

    /// Whether every message is settled.
    var isIdle: Bool { pending.count == 0 }

    /// How many messages without an id were transmitted so far; to be handed to `written` once the kernel has them.
    var writeMark: Int { unwrittenEnd }

    /// When `tick` is due; nil if nothing has a deadline.
    mutating func nextDeadline() -> ContinuousClock.Instant? {
        let (pending, lanes) = (pending, lanes)
        return deadlines.first { Self.isCurrent($0, $1, pending, lanes) }
    }

    // MARK: Events

    /// Takes a message; `room` says how many more.
    mutating func submit(_ message: Outgoing, now: Moment) {
        serial += 1
        var deadline = now.instant + message.timeout
        // One that may be retried waits in line for so long, and has its time limit from its transmission.
        if let retry = message.retryFor { deadline = max(deadline, now.instant + retry) }
        let entry = PendingMessage(serial: serial, message: message, submitted: now.instant, deadline: deadline)
        guard let ticket = pending.add(entry) else {
            let reason = "a message with this id is still unanswered; an id must be new"
            actions.append(.report(Self.delivery(entry, .rejected, reason, now)))
            return
        }
        queued += 1
        if isOver { return settle(ticket, .timeout, now: now) }
        schedule(.message(ticket), at: deadline)
        line.append(ticket)
        pump(now)
    }

    /// A connection stands.
    mutating func connected(_ info: ServerInfo, now: Moment) {
        server = info
        for mobile in lanes.keys.sorted() {
            lanes[mobile]?.isWatching = false
            tryLane(mobile, now: now)
        }
        pump(now)
    }

    /// The connection was lost, and another will be made: what is unanswered will be sent again.
    mutating func disconnected(now: Moment) {
        guard server != nil else { return }
        server = nil
        batch = BaseBatch()
        unwritten.removeAll()
        while let mobile = readyLanes.popFirst() { lanes[mobile]?.isReady = false }
        let again = pending.tickets { $0 != .queued && $0 != .parked }
        for ticket in again {
            guard let message = pending[ticket] else { continue }
            noteUnanswered(ticket)
            if let end = message.retryEnd {
                setDeadline(ticket, max(end, now.instant))
            } else if message.deadline <= now.instant {
                // One that wants no answer has outlived its time limit unwritten.
                settle(ticket, .timeout, now: now)
                continue
            }
            move(ticket, to: lanes.isEmpty || !putBack(ticket, message.message) ? .queued : .parked)
        }
        let waiting = line
        line = CircularBuffer(again.filter { pending[$0]?.state == .queued })
        line.append(contentsOf: waiting)
    }

    /// The kernel has taken everything up to this `writeMark`.
    mutating func written(upTo mark: Int, now: Moment) {
        while unwrittenEnd - unwritten.count < mark, let ticket = unwritten.popFirst() {
            settle(ticket, .routed, isUnconfirmed: true, now: now)
        }
        pump(now)
    }

    /// Time has passed.
    mutating func tick(now: Moment) {
        while let due = deadlines.popDue(now.instant) {
            guard Self.isCurrent(due.subject, due.instant, pending, lanes) else { continue }
            switch due.subject {
            case .lane(let mobile): tryLane(mobile, now: now)
            case .message(let ticket): expire(ticket, now: now)
            }
        }
        pump(now)
    }

    /// There will be no connection any more: whatever is pending is reported, and whatever is submitted later.
    mutating func end(now: Moment) {
        isOver = true
        server = nil
        for ticket in pending.tickets(where: { _ in true }) {
            noteUnanswered(ticket)
            settle(ticket, pending[ticket]?.refusal ?? .timeout, now: now)
        }
        lanes = [:]
        readyLanes.removeAll()
        line.removeAll()
        unwritten.removeAll()
    }

    private mutating func expire(_ ticket: Ticket, now: Moment) {
        guard let message = pending[ticket] else { return }
        switch message.state {
        case .queued, .parked: settle(ticket, message.refusal ?? .timeout, now: now)
        case .asking, .sent, .acknowledged:
            noteUnanswered(ticket)
            refuse(ticket, .timeout, now: now)
        case .unwritten: return
        }
    }

    /// A try has ended without its answer. What a later one is told holds for that one only.
    private mutating func noteUnanswered(_ ticket: Ticket) {
        switch pending[ticket]?.state {
        case .sent, .acknowledged: pending.update(ticket) { $0.mayHaveArrived = true }
        case .queued, .parked, .asking, .unwritten, nil: return
        }
    }

    // MARK: Bookkeeping

    /// Ends a message with its one report.
    mutating func settle(
        _ ticket: Ticket,
        _ status: DeliveryStatus,
        reason: String? = nil,
        isUnconfirmed: Bool = false,
        now: Moment
    ) {
        guard let message = pending.remove(ticket) else { return }
        count(message.state, -1)
        let isUnknown = message.mayHaveArrived && status.isRefused
        var delivery = Self.delivery(message, isUnknown ? .timeout : status, isUnknown ? nil : reason, now)
        delivery.isUnconfirmed = isUnconfirmed
        actions.append(.report(delivery))
        leaveLane(ticket, message.message.to, status, now: now)
    }

    mutating func move(_ ticket: Ticket, to state: PendingMessage.State) {
        var former: PendingMessage.State?
        pending.update(ticket) { message in
            former = message.state
            message.state = state
        }
        guard let former else { return }
        count(former, -1)
        count(state, +1)
    }

    private mutating func count(_ state: PendingMessage.State, _ change: Int) {
        switch state {
        case .queued: queued += change
        case .parked: parked += change
        case .asking, .sent, .acknowledged, .unwritten: inFlight += change
        }
    }

    mutating func setDeadline(_ ticket: Ticket, _ instant: ContinuousClock.Instant) {
        guard let message = pending[ticket], message.deadline != instant else { return }
        pending.update(ticket) { $0.deadline = instant }
        schedule(.message(ticket), at: instant)
    }

    mutating func schedule(_ subject: Subject, at instant: ContinuousClock.Instant) {
        let (pending, lanes) = (pending, lanes)
        deadlines.add(subject, at: instant) { Self.isCurrent($0, $1, pending, lanes) }
    }

    private static func isCurrent(
        _ subject: Subject,
        _ instant: ContinuousClock.Instant,
        _ pending: PendingTable,
        _ lanes: [Mobile: RetryLane]
    ) -> Bool {
        switch subject {
        case .message(let ticket): pending[ticket]?.deadline == instant
        case .lane(let mobile): lanes[mobile]?.nextTry == instant
        }
    }

    private static func delivery(
        _ message: PendingMessage,
        _ status: DeliveryStatus,
        _ reason: String?,
        _ now: Moment
    ) -> Delivery {
        Delivery(
            id: message.message.id,
            to: message.message.to,
            text: message.message.text,
            status: status,
            reason: reason,
            unixMilliseconds: now.unixMilliseconds,
            elapsed: now.instant - message.submitted
        )
    }
}
