/// One thing that is fuzzed: a name, and what must be true of it for any bytes.
///
/// The same code is driven by libFuzzer (`scripts/fuzz`, `Driver/`) and, over the corpora, by the tests. A target
/// throws `FuzzFinding` when a property does not hold; a trap is a finding too. `docs/testing.md` says how to run them.
struct FuzzTarget: Sendable {
    let name: String
    let run: @Sendable ([UInt8]) throws -> Void

    static let all: [FuzzTarget] = [frames, http, wire, history, settings, lines, prompt, sanitizer]
}

/// A property that does not hold, as a sentence.
struct FuzzFinding: Error, CustomStringConvertible {
    let description: String
}

/// - Throws: `FuzzFinding` unless the condition holds.
func require(_ condition: Bool, _ sentence: @autoclosure () -> String) throws(FuzzFinding) {
    if !condition { throw FuzzFinding(description: sentence()) }
}

/// An input that also says how it is to be used: its first bytes are choices, the rest is the data.
struct FuzzInput {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        self.bytes = bytes[...]
    }

    /// The next choice, 0 to 255; 0 at the end.
    mutating func choice() -> Int { Int(bytes.popFirst() ?? 0) }

    /// What is left.
    var rest: [UInt8] { Array(bytes) }
}

extension [UInt8] {
    /// How long the pieces are in which these bytes come, cut at places that the seed decides; without a seed single bytes.
    func lengths(_ seed: Int) -> [Int] {
        var lengths: [Int] = []
        var start = 0
        var state = UInt64(seed)
        while start < count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let length = Swift.min(count - start, seed == 0 ? 1 : 1 + Int(state >> 33) % (1 + seed))
            lengths.append(length)
            start += length
        }
        return lengths
    }

    /// These bytes in such pieces.
    func pieces(_ seed: Int) -> [[UInt8]] {
        var start = 0
        return lengths(seed).map { length in
            defer { start += length }
            return Array(self[start..<start + length])
        }
    }
}
