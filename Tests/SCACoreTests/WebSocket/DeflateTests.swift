internal import SCATesting
internal import Testing

@testable internal import SCACore

/// Compressed messages (RFC 7692): its examples, round trips, and what a hostile peer could send.
struct DeflateTests {
    private static let agreed: DeflateTerms = {
        var terms = DeflateTerms()
        terms.client.takesOver = false
        return terms
    }()

    /// What a server that takes compressed messages makes of some frames, cut into pieces of so many bytes.
    private func read(
        _ bytes: [UInt8],
        maximum: Int = 1 << 20,
        cut: Int = .max,
        terms: DeflateTerms? = agreed,
        role: WebSocketRole = .client
    ) throws -> [WebSocketEvent] {
        var parser = FrameParser(role: role, maximumMessage: maximum, terms: terms)
        var events: [WebSocketEvent] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            var piece = Array(rest.prefix(cut))
            rest = rest.dropFirst(cut)
            var span = piece.mutableSpan
            try parser.consume(&span) { kind, payload in
                events.append(WebSocketEvent(kind, payload))
                return .proceed
            }
        }
        return events
    }

    private func code(_ body: () throws -> [WebSocketEvent]) -> UInt16? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? CloseReason)?.code
        }
    }

    private func frame(_ payload: [UInt8], _ opcode: WebSocketOpcode = .text) -> [UInt8] {
        var output: [UInt8] = []
        WebSocketFrame.append(opcode, deflated: payload.span, to: &output)
        return output
    }

    private func deflate(_ message: [UInt8], bits: Int = 15, skipsHopeless: Bool = false) -> [UInt8]? {
        Deflater(windowBits: bits, skipsHopeless: skipsHopeless)?.deflate(message.span)
    }

    private static let hello: WebSocketEvent = .text(Array("Hello".utf8))

    @Test(arguments: [1, 2, 3, Int.max])
    func theExamplesOfTheRFCAreRead(cut: Int) throws {
        // Sections 7.2.3.1, 7.2.3.3, 7.2.3.4, 7.2.3.5: one block, a stored one, a final one, two blocks; then one in fragments.
        let examples: [[UInt8]] = [
            [0xC1, 0x07, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
            [0xC1, 0x0B, 0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
            [0xC1, 0x08, 0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00],
            [0xC1, 0x0D, 0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
            [0x41, 0x03, 0xF2, 0x48, 0xCD, 0x80, 0x04, 0xC9, 0xC9, 0x07, 0x00],
        ]
        for example in examples { #expect(try read(example, cut: cut) == [Self.hello]) }
        // Section 7.2.3.6: nothing. And a message that is not compressed may come at any time.
        #expect(try read([0xC1, 0x01, 0x00], cut: cut) == [.text([])])
        #expect(try read([0x81, 0x05] + Array("Hello".utf8), cut: cut) == [Self.hello])
    }

    @Test func aMessageMayReferToTheOneBeforeOnlyWithContextTakeover() throws {
        // Section 7.2.3.2.
        let first = frame([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00])
        let second = frame([0xF2, 0x00, 0x11, 0x00, 0x00])
        #expect(try read(first + second) == [Self.hello, Self.hello])
        var terms = Self.agreed
        terms.server.takesOver = false
        #expect(code { try read(first + second, terms: terms) } == 1007)
    }

    @Test func memoryIsHeldBetweenMessagesOnlyWithContextTakeover() throws {
        for takesOver in [true, false] {
            let inflater = Inflater(windowBits: 15, takesOver: takesOver)
            var output: [UInt8] = []
            let payload: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
            try inflater.inflate(payload.span, to: &output, limit: 5)
            #expect(inflater.isHolding)
            try inflater.endMessage(to: &output, limit: 5)
            #expect(inflater.isHolding == takesOver)
            #expect(output == Array("Hello".utf8))
        }
    }

    @Test func whatIsDeflatedIsReadAgainHoweverItIsCut() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for round in 0..<200 {
            let bits = Int.random(in: 9...15, using: &random)
            let alphabet = UInt8.random(in: 1...255, using: &random)
            let message = (0..<Int.random(in: 0...5_000, using: &random)).map { _ in
                UInt8.random(in: 0...alphabet, using: &random)
            }
            let payload = try #require(deflate(message, bits: bits))
            var terms = Self.agreed
            terms.server.windowBits = bits
            let cut = Int.random(in: 1...700, using: &random)
            let events = try read(frame(payload, .binary), maximum: message.count, cut: cut, terms: terms)
            #expect(events == [.binary(message)], "seed \(seed), round \(round)")
        }
    }

    @Test func hopelessMessagesAreLeftAsTheyAre() {
        #expect(deflate(Array("hi".utf8), bits: 9, skipsHopeless: true) == nil)
        #expect(deflate([], skipsHopeless: true) == nil)
        #expect((deflate([UInt8](repeating: 0x61, count: 1_000), skipsHopeless: true)?.count ?? .max) < 50)
        #expect(deflate(Array("hi".utf8)) != nil)
        // zlib does not compress with 256 bytes.
        #expect(deflate([UInt8](repeating: 0x61, count: 1_000), bits: 8) == nil)
    }

    @Test func aCompressionBombIsCutOffAtTheLimit() throws {
        let payload = try #require(deflate([UInt8](repeating: 0x61, count: 8 << 20)))
        let bomb = frame(payload)
        #expect(bomb.count < 10_000)
        #expect(code { try read(bomb, maximum: 65_536) } == 1009)
        #expect(code { try read(bomb, maximum: 65_536, cut: 100) } == 1009)
        #expect(code { try read(bomb, maximum: (8 << 20) - 1) } == 1009)
        #expect(try read(bomb, maximum: 8 << 20).count == 1)

        var output: [UInt8] = []
        let inflater = Inflater(windowBits: 15, takesOver: false)
        #expect(throws: CloseReason.tooBig(limit: 10_000)) {
            try inflater.inflate(payload.span, to: &output, limit: 10_000)
        }
        // What was made before it was noticed.
        #expect(output.count <= 10_000)
    }

    @Test func whatIsNoCompressedMessageIsRefused() {
        // No DEFLATE, cut off inside a block, no block at all, a reference in front of the window.
        #expect(code { try read(frame([0xFF, 0xFF, 0xFF])) } == 1007)
        #expect(code { try read(frame([0xF2, 0x48, 0xCD])) } == 1007)
        #expect(code { try read(frame([])) } == 1007)
        #expect(code { try read(frame([0xF2, 0x00, 0x11, 0x00, 0x00])) } == 1007)
        // Not UTF-8 once inflated: a stored block of FF.
        #expect(code { try read(frame([0x00, 0x01, 0x00, 0xFE, 0xFF, 0xFF, 0x00])) } == 1007)
    }

    /// A bad byte used to come after a failure behind it, if both were in one piece.
    @Test(arguments: [1, 2, Int.max])
    func theFirstOfTwoFaultsIsSaidHoweverTheStreamIsCut(cut: Int) throws {
        let notUTF8 = CloseReason.invalidData("a text message is not UTF-8")
        let badByte: [UInt8] = [0x00, 0x01, 0x00, 0xFE, 0xFF, 0xFF]
        let long: [UInt8] = [0x00, 0x05, 0x00, 0xFA, 0xFF] + Array("Hello".utf8)
        // Over the limit, no DEFLATE, cut off inside a block.
        for behind in [long + [0x00], [0xFF, 0xFF, 0xFF], Array(long.dropLast())] {
            #expect(throws: notUTF8) { try read(frame(badByte + behind), maximum: 3, cut: cut) }
        }
        #expect(throws: CloseReason.tooBig(limit: 4)) { try read(frame(long + badByte + [0x00]), maximum: 4, cut: cut) }
    }

    @Test func theBitForCompressedStandsOnlyWhereItMay() {
        let hello: [UInt8] = [0xC1, 0x07, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
        #expect(code { try read(hello, terms: nil) } == 1002)
        // On a continuation, a ping, a close; and the two other bits.
        #expect(code { try read([0x41, 0x03, 0xF2, 0x48, 0xCD, 0xC0, 0x04, 0xC9, 0xC9, 0x07, 0x00]) } == 1002)
        #expect(code { try read([0xC9, 0x00]) } == 1002)
        #expect(code { try read([0xC8, 0x00]) } == 1002)
        #expect(code { try read([0xA1, 0x00]) } == 1002)
        #expect(code { try read([0x91, 0x00]) } == 1002)
    }

    @Test func garbageNeitherTrapsNorGrows() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for round in 0..<2_000 {
            let garbage = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            var output: [UInt8] = []
            let inflater = Inflater(windowBits: 9, takesOver: true)
            do {
                try inflater.inflate(garbage.span, to: &output, limit: 1_000)
                try inflater.endMessage(to: &output, limit: 1_000)
            } catch {
                #expect(error.code == 1007 || error.code == 1009, "seed \(seed), round \(round)")
            }
            #expect(output.count <= 1_000, "seed \(seed), round \(round)")
        }
    }
}
