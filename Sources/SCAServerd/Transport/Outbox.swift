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

    private struct Chunk {
        var bytes: ByteBuffer
        /// What the hub counts it as, in bytes: compressed frames count as what they were.
        var counted: Int
    }

    private var chunks: [Chunk] = []
    private var ownsLastChunk = false
    private var presence: EncodedFrame?
    /// How many chunks were queued before the presence slot was filled, and go first.
    private var chunksBeforePresence = 0
    private(set) var isWriting = false

    var isEmpty: Bool { chunks.isEmpty && presence == nil }

    /// Queues a frame.
    ///
    /// - Parameter counted: What the hub counts it as, in bytes; its length unless said.
    mutating func append(_ frame: EncodedFrame, counted: Int? = nil) {
        let chunk = Chunk(bytes: frame.bytes, counted: counted ?? frame.count)
        guard let last = chunks.indices.last, frame.count < Self.copiedBytes,
            chunks[last].bytes.readableBytes + frame.count <= Self.writtenBytes
        else {
            chunks.append(chunk)
            ownsLastChunk = false
            return
        }
        if !ownsLastChunk {
            if chunks[last].bytes.readableBytes >= Self.copiedBytes {
                chunks.append(chunk)
                return
            }
            var joined = ByteBuffer()
            joined.reserveCapacity(chunks[last].bytes.readableBytes + frame.count + 512)
            joined.writeImmutableBuffer(chunks[last].bytes)
            chunks[last].bytes = joined
            ownsLastChunk = true
        }
        chunks[last].bytes.writeImmutableBuffer(frame.bytes)
        chunks[last].counted += chunk.counted
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
        var taken = 0
        let count = chunks.prefix { chunk in
            defer { taken += chunk.bytes.readableBytes }
            return taken == 0 || taken + chunk.bytes.readableBytes <= Self.writtenBytes
        }.count
        var buffers = chunks.prefix(count).map(\.bytes)
        let bytes = chunks.prefix(count).reduce(0) { $0 + $1.counted }
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
