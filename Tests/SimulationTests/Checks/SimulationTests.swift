internal import Foundation
internal import SCATesting
internal import Testing

/// Whole conversations among misfortunes. A violation names its seed: `scripts/simulate --seed S --trace` tells the story.
struct SimulationTests {
    /// The first of each hundred seeds.
    private static let hundreds = Array(stride(from: UInt64(1), to: 2_000, by: 100))

    @Test(arguments: hundreds) func noSeedBreaksAPromise(first: UInt64) async {
        for seed in first..<first + 100 {
            let outcome = Scenario.run(seed: seed, folder: Self.folder())
            if let violation = outcome.violation { Issue.record("seed \(seed): \(violation)") }
            // Other tests' tasks want this thread too.
            await Task.yield()
        }
    }

    static func folder() -> String {
        FileManager.default.temporaryDirectory.path + "/sca-simulation-\(UUID().uuidString)"
    }
}
