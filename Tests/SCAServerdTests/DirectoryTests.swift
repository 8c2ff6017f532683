import SCACore
import Testing

@testable import SCAServerd

@Suite struct DirectoryTests {
    private func terms(_ number: Int, isVisible: Bool = true) throws -> SessionTerms {
        SessionTerms(mobile: try #require(Mobile("\(9_000_000_000 + number)")), isVisible: isVisible)
    }

    @Test func aMobileIsOnlineFromItsFirstVisibleSessionToItsLastOnAnyLoop() throws {
        let directory = Directory()
        let (seen, hidden) = (try terms(1), try terms(1, isVisible: false))
        #expect(!directory.join(hidden, loop: 3))
        #expect(directory.join(seen, loop: 0))
        #expect(!directory.join(seen, loop: 5))
        #expect(directory.loops(of: seen.mobile, visible: true) == 1 | 1 << 5)
        #expect(directory.loops(of: seen.mobile, visible: false) == 1 | 1 << 3 | 1 << 5)
        #expect(directory.sessionCount(of: seen.mobile) == 3)
        #expect(!directory.leave(hidden, loop: 3), "the loop that came first")
        #expect(!directory.leave(seen, loop: 0))
        #expect(directory.isOnline(seen.mobile))
        #expect(directory.leave(seen, loop: 5))
        #expect(directory.sessionCount == 0 && directory.loops(of: seen.mobile, visible: false) == 0)
    }

    @Test func theAudienceIsCountedByDialect() throws {
        let directory = Directory()
        var extended = try terms(2)
        extended.dialect = .v2
        var silent = extended
        silent.wantsAllPresence = false
        for terms in [try terms(1), extended, silent] { _ = directory.join(terms, loop: 0) }
        #expect(directory.audience.base == 1 && directory.audience.v2 == 1)
        _ = directory.leave(extended, loop: 0)
        #expect(directory.audience.base == 1 && directory.audience.v2 == 0)
    }

    @Test func aTableThatWasLargeBecomesSmallAndKeepsWhatIsThere() {
        var table: [Int: Int] = [:]
        for number in 0..<10_000 { table[number] = number }
        let large = table.capacity
        for number in 10..<10_000 {
            table[number] = nil
            table.trim()
        }
        #expect(table.capacity < large / 16)
        #expect(table == Dictionary(uniqueKeysWithValues: (0..<10).map { ($0, $0) }))
    }
}
