internal import SCACore

@testable internal import SCAClient

/// The few people and things that all tests talk about.
enum Words {
    static let alice = mobile(1)
    static let bob = mobile(2)
    static let carol = mobile(3)
    static let endpoint = Endpoint.local

    /// A mobile for each number from 0.
    static func mobile(_ number: Int) -> Mobile {
        guard let mobile = Mobile(String(9_000_000_000 + number)) else {
            preconditionFailure("ten digits are a mobile")
        }
        return mobile
    }

    /// An id for each number.
    static func id(_ number: Int) -> MessageID {
        guard let id = MessageID("m\(number)") else { preconditionFailure("letters and digits are an id") }
        return id
    }

    /// A message with the text and the id of that number.
    static func message(_ number: Int, from: Mobile = bob, to: Mobile? = alice) -> ServerFrame {
        .message(
            RelayedMessage(
                from: from,
                to: to,
                text: MessageText("text \(number)"),
                id: id(number),
                unixMilliseconds: 5
            )
        )
    }

    static func configuration(
        _ mobile: Mobile = alice,
        change: (inout ClientConfiguration) -> Void = { _ in }
    ) -> ClientConfiguration {
        var configuration = ClientConfiguration(endpoint: endpoint, mobile: mobile)
        change(&configuration)
        return configuration
    }

    static let v2 = ServerInfo(dialect: .v2, server: "test/1", limits: WireLimits())
    static let base = ServerInfo(dialect: .base)
    static let hello = Hello(
        server: "test/1",
        mobile: alice,
        textBytes: 65_536,
        frameBytes: 132_096,
        heartbeatSeconds: 60
    )
}

/// Time that passes when told to.
struct VirtualTime {
    private(set) var now = Moment(instant: .now, unixMilliseconds: 1_795_363_670_974)

    mutating func pass(_ duration: Duration) {
        now.instant += duration
        now.unixMilliseconds +=
            duration.components.seconds * 1_000
            + duration.components.attoseconds / 1_000_000_000_000_000
    }
}
