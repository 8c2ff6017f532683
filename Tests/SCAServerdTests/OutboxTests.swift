import NIOCore
import SCACore
import Testing

@testable import SCAServerd

@Suite struct OutboxTests {
    private func frame(_ count: Int) -> EncodedFrame {
        EncodedFrame(.text, payload: [UInt8](repeating: 0x61, count: count))
    }

    @Test func aWriteTakesLittleAtATimeAndPresenceKeepsItsPlace() {
        var outbox = Outbox()
        for _ in 0..<3 { outbox.append(frame(50_000)) }
        outbox.setPresence(frame(7))
        outbox.append(frame(60_000))
        outbox.setPresence(frame(8))
        var writes: [(bytes: Int, presence: Bool)] = []
        while let write = outbox.takeWrite() {
            writes.append((write.bytes, write.presence))
            outbox.writeDone(write)
        }
        #expect(writes.map(\.bytes) == [50_000, 50_000, 50_000, 60_000].map { frame($0).count })
        #expect(writes.map(\.presence) == [false, false, true, false])
    }

    @Test func whatIsQueuedGoesOutTogetherAndInOrder() {
        var outbox = Outbox()
        var expected = ByteBuffer()
        for count in [3, 10_000, 5, 7, 4_095, 4_096, 1, 2] {
            outbox.append(frame(count))
            expected.writeImmutableBuffer(frame(count).bytes)
        }
        guard let write = outbox.takeWrite() else {
            Issue.record("nothing to write")
            return
        }
        var joined = ByteBuffer()
        for buffer in write.buffers { joined.writeImmutableBuffer(buffer) }
        #expect(joined == expected)
        #expect(write.bytes == expected.readableBytes)
        #expect(!write.presence)
    }

    @Test func oneWriteIsOutAtATime() {
        var outbox = Outbox()
        outbox.append(frame(3))
        guard let write = outbox.takeWrite() else {
            Issue.record("nothing to write")
            return
        }
        outbox.append(frame(4))
        #expect(outbox.takeWrite() == nil)
        outbox.writeDone(write)
        #expect(outbox.takeWrite()?.bytes == frame(4).count)
    }

    @Test func aNewerPresenceFrameReplacesTheOneThatWaits() {
        var outbox = Outbox()
        outbox.setPresence(frame(3))
        outbox.setPresence(frame(4))
        let write = outbox.takeWrite()
        #expect(write?.buffers == [frame(4).bytes])
        #expect(write?.bytes == 0)
        #expect(write?.presence == true)
    }

    @Test func aLargeOrLonelyFrameIsSharedAndNotCopied() {
        var outbox = Outbox()
        let large = frame(100_000)
        outbox.append(large)
        let written = outbox.takeWrite()?.buffers.first
        let same = written?.withUnsafeReadableBytes { left in
            large.bytes.withUnsafeReadableBytes { $0.baseAddress == left.baseAddress }
        }
        #expect(same == true)
    }
}
