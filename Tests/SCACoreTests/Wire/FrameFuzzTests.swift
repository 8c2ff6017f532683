import Foundation
import SCACore
import SCATesting
import Testing

/// Valid frames, damaged at random. Nothing may trap; what is accepted must be JSON to others too, and must
/// say the same once it is written and read again.
struct FrameFuzzTests {
    static let rounds = 20_000
    let decoder = FrameDecoder()

    @Test func damagedClientFramesAreRefusedOrMeanOneThing() throws {
        var generator = SeededGenerator.announced()
        var mutator = FrameMutator(corpus: try FrameCase.all("client-valid") + FrameCase.all("client-hostile"))
        var accepted = 0
        for _ in 0..<Self.rounds {
            let bytes = mutator.next(using: &generator)
            guard let frame = try? decoder.clientFrame(bytes.span) else { continue }
            accepted += 1
            let written = FrameEncoder.encode(frame)
            let again = try? decoder.clientFrame(written.span)
            if again != frame || FrameEncoder.encode(frame) != written || !isJSON(bytes) {
                Issue.record("seed \(generator.seed): \(bytes.text)")
            }
        }
        #expect(accepted > Self.rounds / 100 && accepted < Self.rounds)
    }

    @Test func damagedServerFramesAreRefusedOrMeanOneThing() throws {
        var generator = SeededGenerator.announced()
        var mutator = FrameMutator(corpus: try FrameCase.all("server-valid") + FrameCase.all("server-hostile"))
        var accepted = 0
        for _ in 0..<Self.rounds {
            let bytes = mutator.next(using: &generator)
            guard let frame = try? decoder.serverFrame(bytes.span) else { continue }
            if !isJSON(bytes) { Issue.record("seed \(generator.seed): \(bytes.text)") }
            if case .unknown = frame { continue }
            accepted += 1
            let again = try? decoder.serverFrame(FrameEncoder.encode(frame).span)
            if again != frame { Issue.record("seed \(generator.seed): \(bytes.text)") }
        }
        #expect(accepted > Self.rounds / 100 && accepted < Self.rounds)
    }

    @Test func noiseIsRefused() {
        var generator = SeededGenerator.announced()
        for _ in 0..<Self.rounds {
            let noise = (0..<Int.random(in: 0...64, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            if (try? decoder.clientFrame(noise.span)) != nil || (try? decoder.serverFrame(noise.span)) != nil {
                Issue.record("seed \(generator.seed): \(noise)")
            }
        }
    }

    /// Foundation's reader as a second opinion; numbers that no `Double` holds are the one thing it refuses and we ignore.
    private func isJSON(_ bytes: [UInt8]) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(bytes))) != nil || bytes.text.contains(/[0-9][eE]|[0-9]{19}/)
    }
}

/// Makes damaged frames out of good ones.
struct FrameMutator {
    let corpus: [[UInt8]]
    /// Bytes that mean something to a JSON reader, and some that never should.
    private static let telling =
        [UInt8](#""\{}[]:,u0-+.eE/nt "# + "\t\n\r\0\u{1F}\u{7F}") + [0x80, 0xC0, 0xED, 0xF0, 0xFF]

    init(corpus: [FrameCase]) {
        self.corpus = corpus.map(\.bytes).filter { !$0.isEmpty }
    }

    /// A frame of the corpus with 1 to 4 damages.
    mutating func next(using generator: inout SeededGenerator) -> [UInt8] {
        var bytes = corpus.randomElement(using: &generator) ?? []
        for _ in 0..<Int.random(in: 1...4, using: &generator) { damage(&bytes, using: &generator) }
        return bytes
    }

    private func damage(_ bytes: inout [UInt8], using generator: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        let end = min(bytes.count, place + Int.random(in: 1...24, using: &generator))
        let telling = Self.telling.randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: bytes[place] = telling
        case 2: bytes.insert(telling, at: place)
        case 3: bytes.remove(at: place)
        case 4: bytes.removeSubrange(place..<end)
        case 5: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 6: bytes.removeSubrange(place...)
        default:
            let other = corpus.randomElement(using: &generator) ?? []
            bytes.replaceSubrange(place..., with: other.suffix(from: min(place, other.count)))
        }
    }
}
