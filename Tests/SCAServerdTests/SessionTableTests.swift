internal import SCATesting
internal import Testing

@testable internal import SCAServerd

/// What a loop keeps by session, and the names it gives.
struct SessionTableTests {
    @Test func aNameThatHasGoneFindsNothingThoughItsPlaceIsTaken() {
        var names = SessionNames(loop: 3)
        var table = SessionTable<String>()
        let first = names.take()
        let other = names.take()
        table[first] = "first"
        table[other] = "other"
        table[first] = nil
        names.giveBack(first)
        let second = names.take()
        #expect(second != first && second.place == first.place && second.loop == 3)
        #expect(table[second] == nil)
        table[second] = "second"
        #expect(table[first] == nil && table[second] == "second" && table[other] == "other" && table.count == 2)
        table[first]? = "late"
        #expect(table.removeValue(for: first) == nil && table[second] == "second")
    }

    @Test func aValueIsChangedInItsPlace() {
        var names = SessionNames(loop: 0)
        var table = SessionTable<[Int]>()
        let id = names.take()
        table[id]?.append(1)
        #expect(table[id] == nil)
        table[id] = []
        for number in 1...3 { table[id]?.append(number) }
        #expect(table[id] == [1, 2, 3])
        #expect(table.removeValue(for: id) == [1, 2, 3])
        #expect(table.isEmpty && table.values.isEmpty)
    }

    @Test func itHoldsWhatADictionaryHolds() {
        var random = SeededGenerator.announced()
        var names = SessionNames(loop: 0)
        var table = SessionTable<Int>()
        var expected: [SessionID: Int] = [:]
        for step in 0..<20_000 {
            // Crowds come and go, so that pages fill and empty.
            let grows = step / 2_500 % 2 == 0
            if UInt.random(in: 0..<4, using: &random) < (grows ? 3 : 1) {
                let id = names.take()
                #expect(expected[id] == nil)
                table[id] = step
                expected[id] = step
            } else if let id = expected.keys.randomElement(using: &random) {
                let (removed, known) = (table.removeValue(for: id), expected.removeValue(forKey: id))
                #expect(removed == known)
                names.giveBack(id)
            }
            #expect(table.count == expected.count)
        }
        #expect(table.values.sorted() == expected.values.sorted())
        for (id, value) in expected { #expect(table[id] == value) }
        for id in expected.keys { table[id] = nil }
        #expect(table.isEmpty && table.pageCount == 0)
    }
}
