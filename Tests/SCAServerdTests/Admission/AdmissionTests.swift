import SCATesting
import Testing

@testable import SCAServerd

/// Who is let in, under a clock of the test's own.
@Suite struct AdmissionTests {
    private static let second: Int64 = 1_000_000_000

    private func address(_ text: String) throws -> AddressBlock {
        let address = try #require(IPAddress(text))
        return AddressBlock(of: address, prefix: address.isIPv4 ? 128 : 64)
    }

    private func reason(_ verdict: Admission.Verdict) -> Refusal.Reason? {
        switch verdict {
        case .admit: nil
        case .refuse(let refusal), .drop(let refusal): refusal.reason
        }
    }

    @Test func onlySoManyConnectionsAreAdmittedInAll() throws {
        var admission = Admission(Admission.Rules(connections: 3))
        for number in 1...3 { #expect(admission.arrive(try address("192.0.2.\(number)"), now: 0) == .admit) }
        #expect(reason(admission.arrive(try address("192.0.2.9"), now: 0)) == .connections)
        admission.depart(try address("192.0.2.1"), .admit)
        #expect(admission.arrive(try address("192.0.2.9"), now: 0) == .admit)
    }

    @Test func onlySoManyConnectionsAreAdmittedByAddress() throws {
        var admission = Admission(Admission.Rules(connectionsPerAddress: 2))
        let crowd = try address("192.0.2.1")
        for _ in 1...2 { #expect(admission.arrive(crowd, now: 0) == .admit) }
        #expect(reason(admission.arrive(crowd, now: 0)) == .addressConnections)
        #expect(admission.arrive(try address("192.0.2.2"), now: 0) == .admit)
        #expect(admission.arrive(nil, now: 0) == .admit, "who has no limit by address is not counted")
        admission.depart(crowd, .admit)
        #expect(admission.arrive(crowd, now: 0) == .admit)
    }

    @Test func aWholeNetworkOfIPv6IsOneAddress() throws {
        var admission = Admission(Admission.Rules(connectionsPerAddress: 1))
        #expect(admission.arrive(try address("2001:db8:0:1::1"), now: 0) == .admit)
        #expect(reason(admission.arrive(try address("2001:db8:0:1:ffff::2"), now: 0)) == .addressConnections)
        #expect(admission.arrive(try address("2001:db8:0:2::1"), now: 0) == .admit)
    }

    @Test func oneAddressComesOnlySoFast() throws {
        var admission = Admission(Admission.Rules(connectRatePerAddress: .init(perSecond: 10), refusalsAtOnce: 1_000))
        let eager = try address("192.0.2.1")
        let burst = (0..<50).map { _ in admission.arrive(eager, now: 0) }
        #expect(burst.filter { $0 == .admit }.count == 20, "what two seconds bring")
        #expect(reason(burst[20]) == .addressRate)
        #expect(admission.arrive(try address("192.0.2.2"), now: 0) == .admit)
        // Knocking did not cost it anything: ten more in a second.
        let later = (0..<50).map { _ in admission.arrive(eager, now: Self.second) }
        #expect(later.filter { $0 == .admit }.count == 10)
    }

    @Test func allTogetherComeOnlySoFastAndTheRefusedDoNotCount() throws {
        var rules = Admission.Rules(connectRate: .init(perSecond: 10), refusalsAtOnce: 10_000)
        rules.connectRatePerAddress = .init(perSecond: 1)
        var admission = Admission(rules)
        let attacker = try address("192.0.2.1")
        for _ in 0..<1_000 { _ = admission.arrive(attacker, now: 0) }
        // Two of the attacker's were admitted; the others' eighteen are theirs.
        let others = try (1...30).map { admission.arrive(try address("198.51.100.\($0)"), now: 0) }
        #expect(others.filter { $0 == .admit }.count == 18)
        #expect(reason(others[29]) == .connectRate)
    }

    @Test func aRefusalSaysWhenToComeBack() throws {
        var admission = Admission(Admission.Rules(connectRatePerAddress: .init(perSecond: 1)))
        let eager = try address("192.0.2.1")
        var last = Admission.Verdict.admit
        for _ in 0..<3 { last = admission.arrive(eager, now: 0) }
        guard case .refuse(let refusal) = last else {
            Issue.record("expected a refusal: \(last)")
            return
        }
        #expect(refusal.retryAfter == 1)
        #expect(reason(admission.arrive(eager, now: Int64(refusal.retryAfter) * Self.second)) == nil)
    }

    @Test func onlySoManyAreToldNoAtOnceAndTheRestIsHungUpOn() throws {
        var admission = Admission(Admission.Rules(connections: 1, refusalsAtOnce: 2))
        #expect(admission.arrive(nil, now: 0) == .admit)
        let verdicts = (0..<3).map { _ in admission.arrive(nil, now: 0) }
        guard case .refuse = verdicts[0], case .refuse = verdicts[1], case .drop = verdicts[2] else {
            Issue.record("\(verdicts)")
            return
        }
        admission.depart(nil, verdicts[0])
        guard case .refuse = admission.arrive(nil, now: 0) else {
            Issue.record("one place was free again")
            return
        }
    }

    @Test func aClientBehindAProxyIsCountedByItself() throws {
        var admission = Admission(Admission.Rules(connectionsPerAddress: 1))
        let client = try address("192.0.2.1")
        #expect(admission.arrive(nil, now: 0) == .admit)
        #expect(admission.identify(client, now: 0) == nil)
        #expect(admission.identify(client, now: 0)?.reason == .addressConnections)
        admission.forget(client)
        #expect(admission.identify(client, now: 0) == nil)
    }

    /// A million addresses, each once: the table keeps those of the last moments only.
    @Test func addressesThatAreGoneAreForgotten() throws {
        var admission = Admission(Admission.Rules(connectRatePerAddress: .init(perSecond: 100)))
        for number in 0..<100_000 {
            let block = AddressBlock(of: IPAddress(bits: 0x2001_0DB8 << 96 | UInt128(number) << 64), prefix: 64)
            let now = Int64(number) * 1_000_000
            #expect(admission.arrive(block, now: now) == .admit)
            admission.depart(block, .admit)
        }
        #expect(admission.knownAddresses <= 64)
        #expect(admission.admitted == 0)
    }

    /// Comings and goings in any order: the counts are those of who is there, and no limit is ever passed.
    @Test(arguments: 0..<20)
    func countsAreThoseOfWhoIsThere(round: Int) throws {
        var generator = SeededGenerator.announced()
        let rules = Admission.Rules(connections: 40, connectionsPerAddress: 5, refusalsAtOnce: 3)
        var admission = Admission(rules)
        let addresses = try (0..<12).map { try address("192.0.2.\($0)") }
        var open: [(AddressBlock, Admission.Verdict)] = []
        for step in 0..<2_000 {
            if Bool.random(using: &generator), !open.isEmpty {
                let (address, verdict) = open.remove(at: Int.random(in: open.indices, using: &generator))
                admission.depart(address, verdict)
            } else {
                let address = addresses[Int.random(in: addresses.indices, using: &generator)]
                let verdict = admission.arrive(address, now: Int64(step))
                let isFull = open.filter { $0.1 == .admit }.count == 40
                let isCrowded = open.filter { $0.0 == address && $0.1 == .admit }.count == 5
                #expect((verdict == .admit) == !(isFull || isCrowded))
                if case .drop = verdict { continue }
                open.append((address, verdict))
            }
            #expect(admission.admitted == open.filter { $0.1 == .admit }.count)
            #expect(admission.refused == open.filter { $0.1 != .admit }.count && admission.refused <= 3)
        }
    }

    @Test func whatOpenFilesAllowIsALimitToo() {
        var limits = AdmissionLimits()
        var rules = limits.rules(FileBudget(limit: 1_024, open: 20))
        #expect(rules.connections == 1_024 - 20 - 64 && rules.isBoundByFiles)
        #expect(rules.refusalsAtOnce == 32)
        limits.connections = 500
        rules = limits.rules(FileBudget(limit: 1_024, open: 20))
        #expect(rules.connections == 500 && !rules.isBoundByFiles)
        #expect(limits.rules(FileBudget(limit: .max, open: 20)).connections == 500)
        rules = limits.rules(FileBudget(limit: 64, open: 16))
        #expect(rules.connections == 32, "the reserve is a quarter at most")
        #expect(limits.rules(FileBudget(limit: 10, open: 30)).connections == 1)
    }
}
