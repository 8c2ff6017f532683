import Synchronization
import Testing

@testable import scactl

@Suite(.timeLimit(.minutes(10))) struct ErrorOutletTests {
    @Test func everythingThatWasSaidIsWrittenBeforeItEnds() async {
        let sink = CollectingSink()
        let outlet = ErrorOutlet(sink, patience: .seconds(300))
        let lines = (1...1_000).map { Array("\($0)\n".utf8) }
        outlet.write(lines)
        outlet.writeBlocking(Array("last\n".utf8))
        await outlet.end()
        #expect(sink.lines == (1...1_000).map(String.init) + ["last"])
    }

    @Test func whatHasNoRoomIsLeftOutAndCounted() async {
        let sink = StuckSink()
        let outlet = ErrorOutlet(sink, RowQueue.Capacity(lines: 4, bytes: 1 << 20), patience: .seconds(300))
        outlet.write([Array("first\n".utf8)])
        await sink.isAsked()
        outlet.write((1...7).map { Array("\($0)\n".utf8) })
        sink.letGo()
        await outlet.end()
        #expect(
            sink.written.lines == ["first", "1", "2"]
                + ["3", "4", "scactl: 3 lines are missing here: stderr is not read fast enough"]
        )
    }

    @Test func theEndDoesNotWaitForAReaderThatIsStuck() async {
        let sink = StuckSink()
        let outlet = ErrorOutlet(sink)
        outlet.write([Array("first\n".utf8)])
        await outlet.end()
        #expect(sink.written.lines.isEmpty)
        sink.letGo()
    }
}

/// Somebody who does not read what is written, until let go.
final class StuckSink: LineSink {
    let written = CollectingSink()
    private let (asking, gate) = (StopSignal(), StopSignal())

    /// Returns once something is to be written.
    func isAsked() async { for await _ in asking.requests() {} }

    func letGo() { _ = gate.request() }

    func write(_ lines: [[UInt8]]) async throws(CommandFailure) {
        _ = asking.request()
        for await _ in gate.requests() {}
        try await written.write(lines)
    }

    /// Where this is called nobody may be held up.
    func writeBlocking(_ line: [UInt8]) throws(CommandFailure) { Issue.record("a blocking write") }
}
