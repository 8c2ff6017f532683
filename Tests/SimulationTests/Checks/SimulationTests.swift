internal import Foundation
internal import SCATesting
internal import Testing

/// Whole conversations among misfortunes. A violation names its seed: `scripts/simulate --seed S --trace` tells the story.
struct SimulationTests {
    @Test func noSeedBreaksAPromise() async {
        let first: UInt64 = 1
        for seed in first..<first + 400 {
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
