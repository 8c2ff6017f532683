internal import SCACore
internal import Testing

/// The rules of fragmentation, seen through the parser: first bytes 01 text, 02 binary, 00 continuation, 80 the last one.
@Suite struct MessageAssemblerTests {
    private func frames(_ frames: (UInt8, [UInt8])...) -> [UInt8] {
        frames.flatMap { RawFrame.masked($0.0, $0.1) }
    }

    @Test func fragmentsBecomeOneMessage() {
        let run = ParserRun(frames((0x01, [0x61]), (0x00, [0x62]), (0x00, []), (0x80, [0x63])))
        #expect(run.events == [.text([0x61, 0x62, 0x63])] && run.error == nil)
    }

    @Test func controlFramesMayStandBetweenFragments() {
        let run = ParserRun(
            frames((0x02, [1]), (0x89, [9]), (0x00, [2]), (0x8A, []), (0x80, [3]), (0x89, []))
        )
        #expect(run.events == [.ping([9]), .pong([]), .binary([1, 2, 3]), .ping([])] && run.error == nil)
    }

    @Test func aCloseBetweenFragmentsEndsEverything() {
        let run = ParserRun(frames((0x01, [0x61]), (0x88, [3, 232]), (0x80, [0x62])))
        #expect(run.events == [.close(.normal)] && run.error == nil)
    }

    @Test func emptyFragmentsMakeAnEmptyMessage() {
        #expect(ParserRun(frames((0x01, []), (0x00, []), (0x80, []))).events == [.text([])])
    }

    @Test(arguments: [0x00, 0x80] as [UInt8])
    func aContinuationWithoutAMessageIsRefused(first: UInt8) {
        #expect(ParserRun(frames((first, []))).error?.code == 1002)
        let late = ParserRun(frames((0x81, [0x61]), (first, [])))
        #expect(late.events == [.text([0x61])] && late.error?.code == 1002)
    }

    @Test(arguments: [0x01, 0x02, 0x81, 0x82] as [UInt8])
    func aNewMessageInsideAnotherIsRefused(first: UInt8) {
        let run = ParserRun(frames((0x01, [0x61]), (first, [0x62])))
        #expect(run.events == [] && run.error?.code == 1002)
    }

    @Test func theLimitHoldsForTheSumOfFragments() {
        let atLimit = frames((0x02, [1, 2, 3]), (0x00, [4, 5]), (0x80, [6, 7, 8]))
        #expect(ParserRun(atLimit, maximumMessage: 8).events == [.binary([1, 2, 3, 4, 5, 6, 7, 8])])
        let over = ParserRun(atLimit, maximumMessage: 7)
        #expect(over.events == [] && over.error == .tooBig(limit: 7))
    }

    @Test func theLimitHoldsForOneFrame() {
        let bytes = [UInt8](repeating: 7, count: 1000)
        #expect(ParserRun(frames((0x82, bytes)), maximumMessage: 1000).events == [.binary(bytes)])
        #expect(ParserRun(frames((0x82, bytes)), maximumMessage: 999).error == .tooBig(limit: 999))
    }

    @Test func aMessageOverTheLimitIsRefusedAtItsHeader() {
        let stream = frames((0x02, [1, 2, 3, 4]), (0x80, [5, 6, 7, 8, 9]))
        let beforePayload = Array(stream.dropLast(5))
        #expect(ParserRun(beforePayload, maximumMessage: 8).error?.code == 1009)
        #expect(ParserRun(beforePayload, maximumMessage: 9).error == nil)
    }

    @Test func theLimitStartsAnewWithEachMessage() {
        let message = frames((0x02, [1, 2]), (0x80, [3]))
        #expect(ParserRun(message + message + message, maximumMessage: 3).events.count == 3)
    }

    @Test func aCharacterMayBeSplitBetweenFragments() {
        let text = Array("é世👍".utf8)
        for first in 0...text.count {
            for second in first...text.count {
                let parts = [text[..<first], text[first..<second], text[second...]].map { Array($0) }
                let run = ParserRun(frames((0x01, parts[0]), (0x00, parts[1]), (0x80, parts[2])))
                #expect(run.events == [.text(text)])
            }
        }
    }

    @Test func badTextFailsInItsFragmentAndNotAtTheEnd() {
        let run = ParserRun(frames((0x01, [0x61, 0xFF])))
        #expect(run.error?.code == 1007)
    }

    @Test func badTextFailsBeforeItsFrameIsThere() {
        let frame = RawFrame.masked(0x81, [0xED, 0xA0, 0x80, 0x61])
        #expect(ParserRun(Array(frame.prefix(7))).error == nil)
        #expect(ParserRun(Array(frame.prefix(8))).error?.code == 1007)
    }

    @Test func textThatEndsInsideACharacterIsRefused() {
        #expect(ParserRun(frames((0x81, [0xE4, 0xB8]))).error?.code == 1007)
        #expect(ParserRun(frames((0x01, [0xE4, 0xB8]), (0x80, []))).error?.code == 1007)
    }

    @Test func binaryMessagesMayHoldAnything() {
        #expect(ParserRun(frames((0x82, [0xFF, 0xC0, 0x80]))).events == [.binary([0xFF, 0xC0, 0x80])])
    }

    @Test func payloadOutsideAMessageIsRefused() {
        var assembler = MessageAssembler(maximumMessage: 10)
        #expect(throws: CloseReason.self) { try assembler.append([1].span) }
        #expect(throws: CloseReason.self) { _ = try assembler.finish([1].span) { _, _ in .proceed } }
    }

    @Test func anyLimitIsAccepted() {
        #expect(MessageAssembler(maximumMessage: -1).maximumMessage == 0)
        #expect(MessageAssembler(maximumMessage: .max).maximumMessage == 4_294_967_295)
    }
}
