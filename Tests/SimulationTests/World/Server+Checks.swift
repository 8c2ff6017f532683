internal import SCACore

@testable internal import SCAServerd

/// What must be true of a server after each step, and when all is quiet.
extension Server {
    /// After each step: the hubs know the sessions there are, and hold no more than they may.
    func check() {
        let sessions = hubs.reduce(0) { $0 + $1.sessions.count }
        if sessions != directory.sessionCount {
            world.ledger.fail("the directory has \(directory.sessionCount) sessions, the hubs \(sessions)")
        }
        for hub in hubs {
            if hub.sessions.values.contains(where: { handlers[$0.id]?.isOpen != true }) {
                world.ledger.fail("a session is leaked: a hub has it, and no connection is open for it")
            }
            if hub.timed.keys.contains(where: { hub.sessions[$0] == nil }) {
                world.ledger.fail("a timer is leaked: its session is gone")
            }
            if hub.sessions.values.contains(where: { $0.postedBytes > Self.postedBytes + 8 * Self.slack }) {
                world.ledger.fail("a session has too much on its way to other loops")
            }
            if hub.unanswered.count > 512 { world.ledger.fail("\(hub.unanswered.count) messages wait for reports") }
        }
        for handler in handlers.values where handler.isOpen && handler.queued > Self.outboxBytes + Self.slack {
            world.ledger.fail("an outbox holds \(handler.queued) bytes; \(Self.outboxBytes) are allowed")
        }
        for handler in handlers.values where handler.parser.bufferCapacity > 2 * Line.capacity {
            world.ledger.fail("a parser holds \(handler.parser.bufferCapacity) bytes")
        }
    }

    /// Answers to a session's own frames are not refused: what one read can cause. Letters count for more than their frames do.
    private static let slack = 4_096

    /// Who has an open visible session: the truth about presence.
    var onlineMobiles: Set<Mobile> {
        Set(handlers.values.filter { $0.isOpen && $0.terms.isVisible }.map(\.terms.mobile))
    }

    /// How a message to this mobile must end when all is quiet: by its v2 and its base sessions.
    func visibleSessions(of mobile: Mobile) -> (v2: Int, base: Int) {
        let visible = handlers.values.filter { $0.isOpen && $0.terms.isVisible && $0.terms.mobile == mobile }
        let base = visible.count { $0.terms.dialect == .base }
        return (visible.count - base, base)
    }

    /// When all is quiet: as many sessions as there are clients, and nothing under way.
    func checkQuiet(clients: Int) {
        if handlers.count != clients { world.ledger.fail("\(handlers.count) connections for \(clients) clients") }
        if directory.sessionCount != clients {
            world.ledger.fail("\(directory.sessionCount) sessions in the directory for \(clients) clients")
        }
        for hub in hubs where !hub.unanswered.isEmpty {
            world.ledger.fail("\(hub.unanswered.count) messages still wait for another loop")
        }
        let sessions = hubs.flatMap(\.sessions.values)
        if sessions.contains(where: { $0.postedBytes != 0 || $0.pause.contains(.letters) }) {
            world.ledger.fail("a session still counts letters that have been read")
        }
    }
}
