import SCACore

/// A frame as the fixtures write it down: its known keys with escapes undone, in no order.
///
/// Text is compared by its UTF-8: Swift's own `==` would call two spellings of one accent the same.
indirect enum NeutralFrame: Decodable, Sendable {
    case text(String)
    case number(Int64)
    case largeNumber(UInt64)
    case list([NeutralFrame])
    case object([String: NeutralFrame])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let number = try? container.decode(Int64.self) {
            self = .number(number)
        } else if let number = try? container.decode(UInt64.self) {
            self = .largeNumber(number)
        } else if let list = try? container.decode([NeutralFrame].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: NeutralFrame].self))
        }
    }
}

extension NeutralFrame: Equatable {
    static func == (left: NeutralFrame, right: NeutralFrame) -> Bool {
        switch (left, right) {
        case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
        case (.number(let left), .number(let right)): left == right
        case (.largeNumber(let left), .largeNumber(let right)): left == right
        case (.list(let left), .list(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        case (.text, _), (.number, _), (.largeNumber, _), (.list, _), (.object, _): false
        }
    }
}

extension NeutralFrame {
    init(_ frame: ClientFrame) {
        switch frame {
        case .ping: self = .frame("ping")
        case .getOnlineUsers: self = .frame("get_online_users")
        case .message(let to, let text, let id):
            self = .frame("message", ["to": .mobile(to), "text": .text(text.string), "id": id.map { .text($0.text) }])
        case .receipt(let to, let id, let state):
            self = .frame("receipt", ["to": .mobile(to), "id": .text(id.text), "state": .text(state.rawValue)])
        case .watch(let users): self = .frame("watch", ["users": .mobiles(users)])
        case .unwatch(let users): self = .frame("unwatch", ["users": .mobiles(users)])
        }
    }

    init(_ frame: ServerFrame) {
        switch frame {
        case .pong: self = .frame("pong")
        case .onlineUsers(let users, let rev):
            self = .frame("online_users", ["users": .mobiles(users), "rev": rev.map { .unsigned($0) }])
        case .message(let message):
            self = .frame(
                "message",
                [
                    "from": .mobile(message.from), "to": message.to.map { .mobile($0) },
                    "text": .text(message.text.string), "id": message.id.map { .text($0.text) },
                    "ts": message.unixMilliseconds.map { .number($0) },
                ]
            )
        case .hello(let hello):
            let limits: [String: NeutralFrame] = [
                "text_bytes": .number(Int64(hello.textBytes)), "frame_bytes": .number(Int64(hello.frameBytes)),
            ]
            self = .frame(
                "hello",
                [
                    "server": .text(hello.server), "mobile": .mobile(hello.mobile), "limits": .object(limits),
                    "heartbeat_s": .number(Int64(hello.heartbeatSeconds)),
                ]
            )
        case .ack(let id, let to, let sessions, let receipts):
            self = .frame(
                "ack",
                [
                    "id": .text(id.text), "to": .mobile(to), "sessions": .number(Int64(sessions)),
                    "receipts": .number(Int64(receipts)),
                ]
            )
        case .receipt(let from, let id, let state):
            self = .frame("receipt", ["from": .mobile(from), "id": .text(id.text), "state": .text(state.rawValue)])
        case .presence(let rev, let joined, let left):
            self = .frame("presence", ["rev": .unsigned(rev), "joined": .mobiles(joined), "left": .mobiles(left)])
        case .error(let error):
            self = .frame(
                "error",
                [
                    "id": error.id.map { .text($0.text) }, "code": .text(error.code.rawValue),
                    "message": .text(error.message),
                ]
            )
        case .unknown(let type): self = .object(["unknown": .text(type)])
        }
    }

    private static func frame(_ type: String, _ fields: [String: NeutralFrame?] = [:]) -> NeutralFrame {
        .object(fields.compactMapValues { $0 }.merging(["type": .text(type)]) { field, _ in field })
    }

    private static func mobile(_ mobile: Mobile) -> NeutralFrame { .text(mobile.description) }

    private static func mobiles(_ mobiles: [Mobile]) -> NeutralFrame { .list(mobiles.map { .mobile($0) }) }

    private static func unsigned(_ number: UInt64) -> NeutralFrame {
        Int64(exactly: number).map { .number($0) } ?? .largeNumber(number)
    }
}
