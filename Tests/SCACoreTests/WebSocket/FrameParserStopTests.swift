internal import SCACore
internal import Testing

/// The receiver may stop the parser at any event, and nothing is lost.
@Suite struct FrameParserStopTests {
    private let stream = FrameParserTests.stream
    private let events = FrameParserTests.events

    @Test func oneEventComesForEachStop() {
        var parser = FrameParser(role: .server, maximumMessage: 1000)
        var run = ParserRun([[]])
        run.feed(&parser, stream, flow: .stop)
        for count in 1...events.count {
            #expect(run.events == Array(events[..<count]) && run.error == nil)
            run.feed(&parser, [], flow: .stop)
        }
        #expect(run.events == events && parser.bufferCapacity == 0)
    }

    @Test(arguments: [1, 2, 3, 7, 20, 64, 200]) func stoppingWhileBytesArriveLosesNothing(size: Int) {
        var parser = FrameParser(role: .server, maximumMessage: 1000)
        var run = ParserRun([[]])
        for piece in stream.chunks(of: size) { run.feed(&parser, piece, flow: .stop) }
        for _ in events { run.feed(&parser, [], flow: .stop) }
        #expect(run.events == events && run.error == nil)
    }

    @Test func goingOnAfterAStopGivesTheRestAtOnce() {
        for cut in 0...stream.count {
            var parser = FrameParser(role: .server, maximumMessage: 1000)
            var run = ParserRun([[]])
            run.feed(&parser, Array(stream[..<cut]), flow: .stop)
            run.feed(&parser, Array(stream[cut...]))
            #expect(run.events == events && run.error == nil, "cut at \(cut)")
        }
    }

    @Test func theResultTellsWhetherTheReceiverStopped() throws {
        var parser = FrameParser(role: .server, maximumMessage: 1000)
        var frames = RawFrame.masked(0x81, [0x61]) + RawFrame.masked(0x81, [0x62])
        var span = frames.mutableSpan
        #expect(try parser.consume(&span) { _, _ in .stop } == .stop)
        var empty: [UInt8] = []
        var nothing = empty.mutableSpan
        #expect(try parser.consume(&nothing) { _, _ in .proceed } == .proceed)
        #expect(empty == [])
    }

    @Test func anErrorBehindAStopWaitsForItsTurn() {
        var parser = FrameParser(role: .server, maximumMessage: 1000)
        var run = ParserRun([[]])
        run.feed(&parser, RawFrame.masked(0x81, [0x61]) + [0xFF], flow: .stop)
        #expect(run.events == [.text([0x61])] && run.error == nil)
        run.feed(&parser, [])
        #expect(run.events.count == 1 && run.error?.code == 1002)
    }

    @Test func aStopAtTheCloseKeepsNothing() {
        var parser = FrameParser(role: .server, maximumMessage: 1000)
        var run = ParserRun([[]])
        run.feed(&parser, RawFrame.masked(0x88, []) + stream, flow: .stop)
        #expect(run.events == [.close(.noStatus)] && parser.bufferCapacity == 0)
        run.feed(&parser, stream)
        #expect(run.events.count == 1 && run.error == nil)
    }
}
