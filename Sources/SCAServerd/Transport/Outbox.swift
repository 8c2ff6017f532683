internal import NIOCore

/// A session's outgoing queue: what the hub has sent and the kernel has not yet taken.
///
/// Its bound is kept by the hub, which counts bytes and refuses what does not fit; here they are only
/// held. At most one write is with the channel at a time, so what is queued behind it can still be put together
/// into one. Small frames are copied into one buffer; a large one, or one alone, is shared and not copied.
/// Presence has a slot of its own, where the newest frame replaces the one before.
struct Outbox {
    private static let copiedBytes = 4_096

    private var chunks: [ByteBuffer] = []
    private var ownsLastChunk = false
    private var queuedBytes = 0
    private var presence: EncodedFrame?
    private(set) var isWriting = false

    var isEmpty: Bool { chunks.isEmpty && presence == nil }

    mutating func append(_ frame: EncodedFrame) {
        queuedBytes += frame.count
        guard let last = chunks.indices.last, frame.count < Self.copiedBytes else {
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
        presence = frame
    }

    /// Drops what has not been handed to the channel: the session is beyond saving.
    mutating func discard() {
        chunks = []
        ownsLastChunk = false
        queuedBytes = 0
        presence = nil
    }

    /// What to write now, if nothing is being written: buffers in order, and what they count as.
    mutating func takeWrite() -> (buffers: [ByteBuffer], bytes: Int, presence: Bool)? {
        guard !isWriting, !isEmpty else { return nil }
        isWriting = true
        var buffers = chunks
        if let presence { buffers.append(presence.bytes) }
        let taken = (buffers, queuedBytes, presence != nil)
        discard()
        return taken
    }

    mutating func writeDone() {
        isWriting = false
    }
}
