internal import SCACore

@testable internal import SCAClient

/// A tracker in virtual time, and short words for what goes in and comes out.
struct TrackerBench {
    var tracker: DeliveryTracker
    var time = VirtualTime()

    init(_ server: ServerInfo? = Words.v2, window: Int = 256) {
        tracker = DeliveryTracker(window: window, seed: 7)
        if let server { tracker.connected(server, now: time.now) }
    }

    /// What an action is, without the times.
    enum Seen: Hashable {
        case message(Int, Mobile)
        case plain(String, Mobile)
        case report(Int, DeliveryStatus)
        case unconfirmed(Int)
        case list
        case ping
        case watch(Mobile)
        case unwatch(Mobile)
        case other
    }

    mutating func submit(
        _ number: Int,
        to: Mobile = Words.bob,
        _ wait: Confirmation = .stored,
        timeout: Duration = .seconds(10),
        retryFor: Duration? = nil
    ) {
        let text = "text \(number)"
        tracker.submit(
            Outgoing(to: to, text: text, id: Words.id(number), wait: wait, timeout: timeout, retryFor: retryFor),
            now: time.now
        )
    }

    mutating func receive(_ frame: ServerFrame) {
        tracker.receive(frame, now: time.now)
    }

    mutating func ack(_ number: Int, to: Mobile = Words.bob, receipts: Int = 1) {
        receive(.ack(id: Words.id(number), to: to, sessions: max(1, receipts), receipts: receipts))
    }

    mutating func receipt(_ number: Int, from: Mobile = Words.bob) {
        receive(.receipt(from: from, id: Words.id(number), state: .stored))
    }

    mutating func error(_ number: Int, _ code: WireError.Code, _ sentence: String = "no") {
        receive(.error(WireError(code, sentence, id: Words.id(number))))
    }

    mutating func list(_ users: Mobile...) {
        receive(.onlineUsers(users, rev: tracker.server?.dialect == .v2 ? 1 : nil))
    }

    mutating func pong() {
        tracker.barrierPassed(now: time.now)
    }

    mutating func reconnect(_ server: ServerInfo = Words.v2) {
        tracker.disconnected(now: time.now)
        tracker.connected(server, now: time.now)
    }

    mutating func pass(_ duration: Duration) {
        time.pass(duration)
        tracker.tick(now: time.now)
    }

    /// Lets time pass until the next deadline; false if there is none.
    @discardableResult
    mutating func passToNextDeadline() -> Bool {
        guard let deadline = tracker.nextDeadline() else { return false }
        pass(max(.zero, deadline - time.now.instant))
        return true
    }

    /// What the tracker asked for since the last look.
    mutating func seen() -> [Seen] {
        tracker.takeActions().map { action in
            switch action {
            case .transmit(.message(let to, let text, let id)):
                guard let id else { return .plain(text.string, to) }
                return Int(id.text.dropFirst()).map { .message($0, to) } ?? .other
            case .transmit: return .other
            case .report(let delivery):
                guard let number = Int(delivery.id.text.dropFirst()) else { return .other }
                return delivery.isUnconfirmed ? .unconfirmed(number) : .report(number, delivery.status)
            case .askForList: return .list
            case .ping: return .ping
            case .watch(let mobile): return .watch(mobile)
            case .unwatch(let mobile): return .unwatch(mobile)
            }
        }
    }
}
