internal import Testing

/// The simulation can fail: each mistake that is built in is found, and the seed that found it finds nothing without it.
struct MutationTests {
    private static let seeds: ClosedRange<UInt64> = 1...200

    @Test(arguments: Mutation.allCases)
    func everyMistakeIsFoundAndItsSeedIsCleanWithoutIt(mutation: Mutation) throws {
        let found = Self.seeds.first { seed in
            Scenario.run(seed: seed, mutation, folder: SimulationTests.folder()).violation != nil
        }
        let seed = try #require(found, "\(mutation.rawValue) is not found in \(Self.seeds.count) seeds")
        #expect(Scenario.run(seed: seed, folder: SimulationTests.folder()).violation == nil)
    }
}
