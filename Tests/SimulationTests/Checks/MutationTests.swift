internal import Testing

/// The simulation can fail: each mistake that is built in is found, and the seed that found it finds nothing without it.
@Suite(.serialized) struct MutationTests {
    private static let seeds: ClosedRange<UInt64> = 1...200

    @Test(arguments: Mutation.allCases)
    func everyMistakeIsFoundAndItsSeedIsCleanWithoutIt(mutation: Mutation) async throws {
        let (found, cleanly) = await OwnThread.run {
            let found = Self.seeds.first { seed in
                Scenario.run(seed: seed, mutation, folder: SimulationTests.folder()).violation != nil
            }
            return (found, found.map { Scenario.run(seed: $0, folder: SimulationTests.folder()).violation })
        }
        _ = try #require(found, "\(mutation.rawValue) is not found in \(Self.seeds.count) seeds")
        #expect(cleanly == .some(nil))
    }
}
