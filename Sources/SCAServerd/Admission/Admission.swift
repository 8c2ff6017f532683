internal import SCACore

/// Who may connect: all connections of a server by address, and how fast they come. Pure; times are nanoseconds.
///
/// How it works. Each connection that is accepted is judged once, by its peer (`arrive`), and given back when it is closed
/// (`depart`). Behind a trusted proxy the peer says nothing, so limits by address are asked again for the client's address once
/// its request is read (`identify`, `forget`). What is refused takes nothing from the rates, so that an address that knocks on
/// and on cannot use up what is there for all.
///
/// A no costs a file for as long as it takes to say. Only so many are said at once (`refusalsAtOnce`), out of the reserve
/// of files; who comes on top of that is hung up on.
///
/// Memory. An address has an entry while it has connections, or came so lately that its rate remembers it: with n new connections
/// a second that is at most the open ones and those of the last seconds. Entries that say nothing are swept whenever the table has doubled.
///
///   impossible (our bug)   `depart` or `forget` without its `arrive` or `identify`: would count below zero, is ignored
///   hostile (the peer's)   more or faster than allowed
///   harmless               a client that is gone before it is identified
struct Admission: Sendable {
    /// What becomes of a connection.
    enum Verdict: Hashable, Sendable {
        case admit
        /// Its request is read and answered with this.
        case refuse(Refusal)
        /// It is closed without a word.
        case drop(Refusal)
    }

    /// The rules; 0 for no limit.
    struct Rules: Sendable {
        var connections = 0
        /// Whether it was not asked for, but is what open files allow.
        var isBoundByFiles = false
        var connectionsPerAddress = 0
        var connectRate = ArrivalRate.Rule(perSecond: 0)
        var connectRatePerAddress = ArrivalRate.Rule(perSecond: 0)
        var refusalsAtOnce = 16
    }

    private struct Entry {
        var connections = 0
        var rate = ArrivalRate()
    }

    private let rules: Rules
    /// Connections that were admitted and are open.
    private(set) var admitted = 0
    /// Connections that are being told no.
    private(set) var refused = 0
    private var rate = ArrivalRate()
    private var addresses: [AddressBlock: Entry] = [:]
    private var sweepAt = 64

    init(_ rules: Rules) {
        self.rules = rules
    }

    /// How many addresses are remembered.
    var knownAddresses: Int { addresses.count }

    /// Judges a connection that has just been accepted.
    ///
    /// - Parameter address: whose it is; nil if limits by address are not for it.
    mutating func arrive(_ address: AddressBlock?, now: Int64) -> Verdict {
        if let refusal = refusal(of: address, now) ?? refusalOfAll(now) {
            guard refused < rules.refusalsAtOnce else { return .drop(refusal) }
            refused += 1
            return .refuse(refusal)
        }
        admitted += 1
        rate.take(rules.connectRate, now: now)
        if let address { enter(address, now) }
        return .admit
    }

    /// Takes back a connection that is closed, with what `arrive` was told and said.
    mutating func depart(_ address: AddressBlock?, _ verdict: Verdict) {
        switch verdict {
        case .admit:
            admitted = max(0, admitted - 1)
            if let address { forget(address) }
        case .refuse: refused = max(0, refused - 1)
        case .drop: break
        }
    }

    /// Judges a client that a trusted proxy has named; if it is let in, `forget` must follow.
    ///
    /// - Returns: why not; nil if it is let in.
    mutating func identify(_ address: AddressBlock, now: Int64) -> Refusal? {
        if let refusal = refusal(of: address, now) { return refusal }
        enter(address, now)
        return nil
    }

    /// Takes back a connection of this address.
    mutating func forget(_ address: AddressBlock) {
        guard let entry = addresses[address], entry.connections > 0 else { return }
        addresses[address]?.connections -= 1
    }

    private mutating func enter(_ address: AddressBlock, _ now: Int64) {
        addresses[address, default: Entry()].connections += 1
        addresses[address]?.rate.take(rules.connectRatePerAddress, now: now)
        guard addresses.count > sweepAt else { return }
        addresses = addresses.filter { $0.value.connections > 0 || !$0.value.rate.isIdle(now: now) }
        sweepAt = max(64, 2 * addresses.count)
    }

    private func refusal(of address: AddressBlock?, _ now: Int64) -> Refusal? {
        guard let address, let entry = addresses[address] else { return nil }
        let most = rules.connectionsPerAddress
        if most > 0, entry.connections >= most {
            return Refusal(
                .addressConnections,
                "your address has \(most) connections, the limit; close some and try again"
            )
        }
        let wait = entry.rate.wait(rules.connectRatePerAddress, now: now)
        guard wait > 0 else { return nil }
        return Refusal(.addressRate, retryAfter: Self.seconds(wait), "your address connects too often; try again later")
    }

    private func refusalOfAll(_ now: Int64) -> Refusal? {
        if rules.connections > 0, admitted >= rules.connections {
            let what = rules.isBoundByFiles ? "all its files can hold" : "its limit"
            return Refusal(.connections, "the server has \(rules.connections) connections, \(what); try again later")
        }
        let wait = rate.wait(rules.connectRate, now: now)
        guard wait > 0 else { return nil }
        return Refusal(
            .connectRate,
            retryAfter: Self.seconds(wait),
            "too many connect to this server at once; try again in a moment"
        )
    }

    private static func seconds(_ nanoseconds: Int64) -> Int {
        Int((nanoseconds + 999_999_999) / 1_000_000_000)
    }
}
