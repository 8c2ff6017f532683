internal import NIOCore

/// A session's outgoing queue: what the hub has sent and the kernel has not yet taken.
///
/// Its bound is kept by the hub, which counts bytes and refuses what does not fit; here they are only
/// held. At most one write is with the channel at a time, so what is queued behind it can still be put together
/// into one; a write takes little at a time, so that whoever reads slowly is seen to read. Small frames are copied into one buffer; a large one, or one alone, is shared and not copied.
/// Presence has a slot of its own, where the newest frame replaces the one before.
struct Outbox {
    private static let copiedBytes = 4_096
    /// What one write takes, unless its first frame is larger.
    private static let writtenBytes = 65_536

    private var chunks: [ByteBuffer] = []
    private var ownsLastChunk = false
    private var presence: EncodedFrame?
    /// How many chunks were queued before the presence slot was filled, and go first.
    private var chunksBeforePresence = 0
    private(set) var isWriting = false

    var isEmpty: Bool { chunks.isEmpty && presence == nil }

    mutating func append(_ frame: EncodedFrame) {
        guard let last = chunks.indices.last, frame.count < Self.copiedBytes,
            chunks[last].readableBytes + frame.count <= Self.writtenBytes
        else {
            chunks.append(frame.bytes)
            ownsLastChunk = false
            return
        }
        if !ownsLastChunk {
            if chunks[last].readableBytes >= Self.copiedBytes {
                chunks.append(frame.bytes)
                return
            }
            var joined = ByteBuffer()
            joined.reserveCapacity(chunks[last].readableBytes + frame.count + 512)
            joined.writeImmutableBuffer(chunks[last])
            chunks[last] = joined
            ownsLastChunk = true
        }
        chunks[last].writeImmutableBuffer(frame.bytes)
    }

    mutating func setPresence(_ frame: EncodedFrame) {
        if presence == nil { chunksBeforePresence = chunks.count }
        presence = frame
    }

    /// Drops what has not been handed to the channel: the session is beyond saving.
    mutating func discard() {
        chunks = []
        ownsLastChunk = false
        presence = nil
    }

    /// What to write now, if nothing is being written: buffers in order, and what they count as.
    mutating func takeWrite() -> (buffers: [ByteBuffer], bytes: Int, presence: Bool)? {
        guard !isWriting, !isEmpty else { return nil }
        isWriting = true
        var bytes = 0
        let count = chunks.prefix { chunk in
            defer { bytes += chunk.readableBytes }
            return bytes == 0 || bytes + chunk.readableBytes <= Self.writtenBytes
        }.count
        var buffers = Array(chunks.prefix(count))
        bytes = buffers.reduce(0) { $0 + $1.readableBytes }
        chunks.removeFirst(count)
        if chunks.isEmpty { ownsLastChunk = false }
        chunksBeforePresence -= count
        guard chunksBeforePresence <= 0, let presence else { return (buffers, bytes, false) }
        buffers.append(presence.bytes)
        self.presence = nil
        return (buffers, bytes, true)
    }

    mutating func writeDone() {
        isWriting = false
    }
}
