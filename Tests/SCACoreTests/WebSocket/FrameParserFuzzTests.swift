internal import SCACore
internal import SCATesting
internal import Testing

/// Seeded: a failure names its seed, and the loop over that seed alone repeats the case. Raise `rounds` for a longer search.
@Suite struct FrameParserFuzzTests {
    private let rounds: UInt64 = 200

    @Test func validStreamsGiveTheirEventsHoweverCut() {
        for seed: UInt64 in 0..<rounds {
            var random = SeededGenerator(seed: seed)
            let role: WebSocketRole = seed % 2 == 0 ? .server : .client
            let (stream, events) = random.validStream(role: role)
            let whole = ParserRun(stream, role: role)
            #expect(whole.events == events && whole.error == nil, "seed \(seed)")
            #expect(ParserRun(random.cut(stream), role: role) == whole, "seed \(seed)")
        }
    }

    @Test func mutatedStreamsGiveTheSameHoweverCut() {
        var failures: UInt64 = 0
        for seed: UInt64 in 0..<rounds {
            var random = SeededGenerator(seed: seed)
            let role: WebSocketRole = seed % 2 == 0 ? .server : .client
            var (stream, _) = random.validStream(role: role)
            for _ in 0..<Int.random(in: 1...4, using: &random) where !stream.isEmpty {
                random.mutate(&stream)
            }
            let limit = [10, 126, 1000, 1 << 20].randomElement(using: &random) ?? 0
            let whole = ParserRun(stream, role: role, maximumMessage: limit)
            if whole.error != nil { failures += 1 }
            for pieces in [random.cut(stream), stream.chunks(of: 1)] {
                #expect(ParserRun(pieces, role: role, maximumMessage: limit) == whole, "seed \(seed)")
            }
            #expect(stopping(random.cut(stream), role, limit) == whole, "seed \(seed)")
        }
        #expect(failures > rounds / 3, "the mutations are too tame to prove anything")
    }

    @Test func garbageNeverTraps() {
        for seed: UInt64 in 0..<rounds {
            var random = SeededGenerator(seed: seed)
            var garbage = random.bytes(Int.random(in: 0...60, using: &random))
            // A plausible beginning, or else nearly all of it dies at the first byte.
            if garbage.count > 2, seed % 4 != 0 {
                garbage[0] &= 0x8F
                garbage[1] |= 0x80
            }
            let whole = ParserRun(garbage, maximumMessage: 1000)
            #expect(ParserRun(garbage.chunks(of: 1), maximumMessage: 1000) == whole, "seed \(seed)")
            #expect(ParserRun(random.cut(garbage), maximumMessage: 1000) == whole, "seed \(seed)")
        }
    }

    /// The run of a receiver that stops at every event and comes back until nothing more is there.
    private func stopping(_ pieces: [[UInt8]], _ role: WebSocketRole, _ limit: Int) -> ParserRun {
        var parser = FrameParser(role: role, maximumMessage: limit)
        var run = ParserRun([[]])
        for piece in pieces where run.error == nil { run.feed(&parser, piece, flow: .stop) }
        var before = -1
        while run.error == nil, run.events.count != before {
            before = run.events.count
            run.feed(&parser, [], flow: .stop)
        }
        return run
    }
}

extension SeededGenerator {
    /// A few messages, some in fragments, with control frames anywhere between; and the events they are.
    fileprivate mutating func validStream(role: WebSocketRole) -> (stream: [UInt8], events: [WebSocketEvent]) {
        var stream: [UInt8] = []
        var events: [WebSocketEvent] = []
        for _ in 0..<Int.random(in: 1...6, using: &self) {
            let isText = Bool.random(using: &self)
            let payload = isText ? text() : bytes([0, 3, 125, 126, 300].randomElement(using: &self) ?? 0)
            let fragments = Bool.random(using: &self) ? [payload] : cut(payload) + [[]]
            for (index, fragment) in fragments.enumerated() {
                let fin: UInt8 = index == fragments.count - 1 ? 0x80 : 0
                stream += frame(fin | (index > 0 ? 0 : isText ? 1 : 2), fragment, role)
                guard fin == 0, Int.random(in: 0..<8, using: &self) == 0 else { continue }
                let control = bytes(Int.random(in: 0...125, using: &self))
                stream += frame(0x89, control, role)
                events.append(.ping(control))
            }
            events.append(isText ? .text(payload) : .binary(payload))
        }
        return (stream, events)
    }

    private mutating func text() -> [UInt8] {
        let characters = ["a", "plain ASCII text. ", "é", "Ж", "世", "👍", "\u{10FFFF}", "\u{0}"]
        let count = Int.random(in: 0...30, using: &self)
        return (0..<count).flatMap { _ in Array((characters.randomElement(using: &self) ?? "").utf8) }
    }

    private mutating func frame(_ first: UInt8, _ payload: [UInt8], _ role: WebSocketRole) -> [UInt8] {
        switch role {
        case .server: RawFrame.masked(first, payload, key: .random(in: .min ... .max, using: &self))
        case .client: RawFrame.plain(first, payload)
        }
    }

    fileprivate mutating func mutate(_ stream: inout [UInt8]) {
        let place = Int.random(in: stream.indices, using: &self)
        switch Int.random(in: 0..<5, using: &self) {
        case 0: stream[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
        case 1: stream[place] = .random(in: .min ... .max, using: &self)
        case 2: stream.remove(at: place)
        case 3: stream.insert(.random(in: .min ... .max, using: &self), at: place)
        default: stream.insert(contentsOf: frame(0x88, bytes(Int.random(in: 0...4, using: &self)), .server), at: place)
        }
    }
}
