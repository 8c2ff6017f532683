internal import SCACore
internal import Testing

@Suite struct FrameParserTests {
    /// Every kind of frame, each length form that fits, fragments, split characters; a close at the end.
    static let stream: [UInt8] =
        RawFrame.masked(0x81, Array("{\"type\":\"ping\"}".utf8))
        + RawFrame.masked(0x89, [1, 2, 3], key: 0x0102_0304)
        + RawFrame.masked(0x81, [])
        + RawFrame.masked(0x01, Array("привет 👍".utf8.dropLast(2)), key: 0)
        + RawFrame.masked(0x8A, [])
        + RawFrame.masked(0x00, Array("👍".utf8.suffix(2)))
        + RawFrame.masked(0x89, [UInt8](repeating: 5, count: 125))
        + RawFrame.masked(0x80, [])
        + RawFrame.masked(0x82, [UInt8](repeating: 9, count: 130), key: 0xFFEE_DDCC)
        + RawFrame.masked(0x88, [3, 233] + Array("bye".utf8))

    static let events: [WebSocketEvent] = [
        .text(Array("{\"type\":\"ping\"}".utf8)), .ping([1, 2, 3]), .text([]), .pong([]),
        .ping([UInt8](repeating: 5, count: 125)), .text(Array("привет 👍".utf8)),
        .binary([UInt8](repeating: 9, count: 130)), .close(CloseReason(code: 1001, reason: "bye")),
    ]

    @Test func aStreamGivesItsEventsInOrder() {
        let run = ParserRun(Self.stream)
        #expect(run.events == Self.events && run.error == nil)
    }

    @Test func everySplitInTwoGivesTheSameEvents() {
        for cut in 0...Self.stream.count {
            let run = ParserRun([Array(Self.stream[..<cut]), Array(Self.stream[cut...])])
            #expect(run.events == Self.events && run.error == nil, "cut at \(cut)")
        }
    }

    @Test(arguments: 1...150) func everyChunkSizeGivesTheSameEvents(size: Int) {
        let run = ParserRun(Self.stream.chunks(of: size))
        #expect(run.events == Self.events && run.error == nil)
    }

    @Test func emptyReadsChangeNothing() {
        let run = ParserRun(Self.stream.chunks(of: 1).flatMap { [[], $0, []] })
        #expect(run.events == Self.events && run.error == nil)
    }

    @Test func bytesAfterACloseAreDiscarded() {
        let garbage: [UInt8] = [0xFF, 0xFF, 0xFF]
        #expect(ParserRun(Self.stream + garbage) == ParserRun(Self.stream))
        #expect(ParserRun([Self.stream, garbage, Self.stream]) == ParserRun(Self.stream))
    }

    @Test func aParserThatHasThrownThrowsTheSameAgain() {
        var parser = FrameParser(role: .server, maximumMessage: 100)
        var run = ParserRun([[]])
        run.feed(&parser, RawFrame.masked(0x81, [0x61]) + [0xC1])
        #expect(run.events == [.text([0x61])])
        let first = run.error
        #expect(first?.code == 1002)
        for later in [[], Self.stream] {
            run.error = nil
            run.feed(&parser, later)
            #expect(run.error == first && run.events.count == 1)
        }
    }

    @Test func theMaskOfTheOtherRoleIsRefused() {
        #expect(ParserRun(RawFrame.plain(0x81, [0x61]), role: .server).error?.code == 1002)
        #expect(ParserRun(RawFrame.masked(0x81, [0x61]), role: .client).error?.code == 1002)
        #expect(ParserRun(RawFrame.masked(0x88, [3, 233]), role: .client).error?.code == 1002)
    }

    // MARK: Memory

    @Test func theParserIsSmall() {
        #expect(MemoryLayout<FrameParser>.size == 41)
        #expect(MemoryLayout<MessageAssembler>.size == 22)
        #expect(MemoryLayout<UTF8Check>.size == 1)
    }

    /// With what was read in front of it and behind it, a whole frame is handed out where it lies.
    @Test func aMessageThatLiesWholeInTheReadIsNotCopied() throws {
        let text = RawFrame.masked(0x81, Array("not copied".utf8))
        for headStart in 0...6 {
            var parser = FrameParser(role: .server, maximumMessage: 100)
            var head = Array(text[..<headStart])
            var rest = Array(text[headStart...]) + [0x81]
            try head.withUnsafeMutableBytes { bytes in
                _ = try parser.consume(bytes) { _, _ in .proceed }
            }
            var borrowed = 0
            try rest.withUnsafeMutableBytes { bytes in
                let read = UnsafeRawBufferPointer(bytes)
                try parser.consume(bytes) { _, payload in
                    payload.withUnsafeBytes { payload in
                        let isInside = payload.baseAddress.flatMap { at in read.baseAddress.map { at - $0 } }
                        if let isInside, isInside >= 0, isInside + payload.count <= read.count { borrowed += 1 }
                    }
                    return .proceed
                }
            }
            #expect(borrowed == 1, "\(headStart) bytes of the header came before")
        }
    }

    @Test func anIdleParserHoldsNoHeapMemory() {
        var parser = FrameParser(role: .server, maximumMessage: 1 << 20)
        var run = ParserRun([[]])
        let large = RawFrame.masked(0x82, [UInt8](repeating: 1, count: 100_000))
        for stream in [large, Array(Self.stream.dropLast(11))] {
            for piece in stream.chunks(of: 999) { run.feed(&parser, piece) }
            #expect(parser.bufferCapacity == 0)
            run.feed(&parser, stream, flow: .stop)
            while parser.bufferCapacity > 0 { run.feed(&parser, [], flow: .stop) }
        }
        #expect(run.error == nil && run.events.count == 2 * Self.events.count)
    }

    @Test func memoryFollowsWhatArrivedAndNotWhatWasClaimed() {
        var parser = FrameParser(role: .server, maximumMessage: 1 << 30)
        var run = ParserRun([[]])
        run.feed(&parser, [0x82, 0xFF, 0, 0, 0, 0, 0x3F, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])
        #expect(run.error == nil && parser.bufferCapacity < 100)
    }

    @Test func anErrorAndACloseFreeWhatWasHeld() {
        for last: [UInt8] in [[0xFF], RawFrame.masked(0x88, [])] {
            var parser = FrameParser(role: .server, maximumMessage: 1 << 20)
            var run = ParserRun([[]])
            run.feed(&parser, RawFrame.masked(0x02, [UInt8](repeating: 1, count: 5000)))
            #expect(parser.bufferCapacity >= 5000)
            run.feed(&parser, last + [1, 2, 3])
            #expect(parser.bufferCapacity == 0)
        }
    }
}
