internal import SCACore

@testable internal import SCAServerd

/// Routing: a decoded message goes in, a frame for its recipient comes out, and perhaps an answer. 100 sessions, in pairs.
enum HubCases {
    static func all() throws -> [Case] {
        try [64, 4_096].flatMap { size in
            [
                try route("Hub: route, base", size, dialect: .base, id: nil),
                try route(
                    "Hub: route and acknowledge, sca.v2",
                    size,
                    dialect: .v2,
                    id: "0199f5ce-5a5e-7c3b-8d2a-6f3e9c1b2a40"
                ),
            ]
        }
    }

    private static func route(_ name: String, _ size: Int, dialect: Dialect, id: String?) throws -> Case {
        let now = HubTime(nanoseconds: 1_000_000_000_000, unixMilliseconds: 1_795_363_670_974)
        let hub = Hub(loop: 0, of: 1, configuration: HubConfiguration(), directory: Directory(), now: now)
        var names = SessionNames(loop: 0)
        var sessions: [SessionID] = []
        var frames: [ClientFrame] = []
        let text = MessageText(String(decoding: WireCases.letters(size), as: UTF8.self))
        for number in 0..<100 {
            guard let mobile = Mobile(String(9_000_000_000 + number)),
                let other = Mobile(String(9_000_000_000 + (number ^ 1)))
            else { throw Failure("the names are not valid") }
            var terms = SessionTerms(mobile: mobile)
            terms.dialect = dialect
            sessions.append(names.take())
            _ = hub.handle(.connected(sessions[number], terms), now: now)
            frames.append(.message(to: other, text: text, id: id.flatMap { MessageID($0) }))
        }
        _ = hub.advance(now: now)
        return Case(name, size: size) { count in
            var actions: [Hub.Action] = []
            var written = 0
            for number in 0..<count {
                let sender = number % 100
                hub.take(.frame(sessions[sender], frames[sender], bytes: size), now: now)
                hub.takeActions(&actions)
                for action in actions {
                    guard case .send(let id, let frame) = action else { continue }
                    written += frame.count
                    hub.take(.flushed(id, bytes: frame.count, presence: false), now: now)
                }
                actions.removeAll(keepingCapacity: true)
            }
            return written
        }
    }
}
