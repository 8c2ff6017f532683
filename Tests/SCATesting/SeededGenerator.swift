import Foundation

/// Random numbers that can be had again: the same seed gives the same numbers on every machine.
///
/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014): one word of
/// state, no bad seeds. A value type: a copy goes on from where the original stood.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    /// What the generator was started with.
    public let seed: UInt64
    private var state: UInt64

    /// Starts at a known seed.
    public init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// Starts at `SCA_TEST_SEED` if it is set, else at a new seed, and prints it so that a failure can be repeated.
    ///
    /// - Parameter test: the name to print beside it.
    public static func announced(_ test: String = #function) -> SeededGenerator {
        let given = ProcessInfo.processInfo.environment["SCA_TEST_SEED"].flatMap { UInt64($0) }
        let generator = SeededGenerator(seed: given ?? .random(in: 0...UInt64.max))
        print("\(test): SCA_TEST_SEED=\(generator.seed)")
        return generator
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
