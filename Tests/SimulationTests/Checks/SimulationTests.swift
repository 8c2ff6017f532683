internal import Foundation
internal import SCATesting
internal import Testing

/// Whole conversations among misfortunes. A violation names its seed: `scripts/simulate --seed S --trace` tells the story.
@Suite(.serialized) struct SimulationTests {
    /// The first of each hundred seeds; a tenth of them where programs watch themselves and all takes many times as long.
    private static let hundreds = Array(stride(from: UInt64(1), to: 2_000, by: isSanitized ? 1_000 : 100))
    private static let isSanitized = ProcessInfo.processInfo.environment["SCA_TEST_SLOWNESS"] != nil

    @Test(arguments: hundreds) func noSeedBreaksAPromise(first: UInt64) async {
        let violations = await OwnThread.run {
            (first..<first + 100).compactMap { seed in
                Scenario.run(seed: seed, folder: Self.folder()).violation.map { "seed \(seed): \($0)" }
            }
        }
        #expect(violations == [])
    }

    static func folder() -> String {
        FileManager.default.temporaryDirectory.path + "/sca-simulation-\(UUID().uuidString)"
    }
}

/// A thread for what computes for long: the threads that tasks share are as few as the cores, and other tests want them.
enum OwnThread {
    static func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { done in
            Thread.detachNewThread { done.resume(returning: body()) }
        }
    }
}
