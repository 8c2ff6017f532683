internal import NIOCore

/// A session's outgoing queue: what the hub has sent and the kernel has not yet taken.
///
/// Its bound is kept by the hub, which counts bytes and refuses what does not fit; here they are only
/// held. At most one write is under way at a time, so what is queued behind it can still be put together
/// into one; a write takes little at a time, so that whoever reads slowly is seen to read. Small frames are copied into one
/// buffer; a large one, or one alone, is shared and not copied, and costs no memory of the queue's own.
/// Presence has a slot of its own, where the newest frame replaces the one before.
struct Outbox {
    private static let copiedBytes = 4_096
    /// What one write takes, unless its first frame is larger.
    private static let writtenBytes = 65_536

    /// What to write: buffers in order, and what they count as.
    struct Write {
        let first: ByteBuffer
        var rest: [ByteBuffer] = []
        /// As the hub counts them, presence not counted.
        var bytes = 0
        var presence = false

        var buffers: [ByteBuffer] { [first] + rest }

        /// What it is on the wire, in bytes.
        var length: Int {
            guard !rest.isEmpty else { return first.readableBytes }
            return rest.reduce(first.readableBytes) { $0 + $1.readableBytes }
        }
    }

    private struct Chunk {
        var bytes: ByteBuffer
        /// What the hub counts it as, in bytes: compressed frames count as what they were.
        var counted: Int
        var isShared = true

        /// Takes another frame behind this one's, if both are small.
        mutating func join(_ other: Chunk) -> Bool {
            let count = bytes.readableBytes
            guard other.bytes.readableBytes < Outbox.copiedBytes,
                count + other.bytes.readableBytes <= Outbox.writtenBytes,
                !isShared || count < Outbox.copiedBytes
            else { return false }
            if isShared {
                var own = ByteBuffer()
                own.reserveCapacity(count + other.bytes.readableBytes + 512)
                own.writeImmutableBuffer(bytes)
                (bytes, isShared) = (own, false)
            }
            bytes.writeImmutableBuffer(other.bytes)
            counted += other.counted
            return true
        }
    }

    /// What goes next; most of the time there is no more.
    private var head: Chunk?
    private var tail: [Chunk] = []
    private var presence: EncodedFrame?
    /// How many chunks were queued before the presence slot was filled, and go first.
    private var chunksBeforePresence = 0
    private(set) var isWriting = false

    /// How much presence waits, in bytes.
    var queuedPresence: Int { presence?.count ?? 0 }

    var isEmpty: Bool { head == nil && presence == nil }

    /// Queues a frame.
    ///
    /// - Parameter counted: What the hub counts it as, in bytes; its length unless said.
    mutating func append(_ frame: EncodedFrame, counted: Int? = nil) {
        let chunk = Chunk(bytes: frame.bytes, counted: counted ?? frame.count)
        if head == nil {
            head = chunk
        } else if tail.isEmpty {
            if head?.join(chunk) != true { tail.append(chunk) }
        } else if !tail[tail.count - 1].join(chunk) {
            tail.append(chunk)
        }
    }

    mutating func setPresence(_ frame: EncodedFrame) {
        if presence == nil { chunksBeforePresence = head == nil ? 0 : 1 + tail.count }
        presence = frame
    }

    /// Drops what has not been handed over: the session is beyond saving.
    mutating func discard() {
        head = nil
        tail = []
        presence = nil
    }

    /// What to write now; nil if there is nothing, or something is being written.
    mutating func takeWrite() -> Write? {
        guard !isWriting else { return nil }
        guard let head else {
            guard let presence else { return nil }
            self.presence = nil
            isWriting = true
            return Write(first: presence.bytes, presence: true)
        }
        isWriting = true
        var write = Write(first: head.bytes, bytes: head.counted)
        self.head = nil
        var taken = 1
        if !tail.isEmpty {
            var size = head.bytes.readableBytes
            while let next = tail.element(taken - 1), size + next.bytes.readableBytes <= Self.writtenBytes {
                size += next.bytes.readableBytes
                write.rest.append(next.bytes)
                write.bytes += next.counted
                taken += 1
            }
            tail.removeFirst(taken - 1)
            if !tail.isEmpty { self.head = tail.removeFirst() }
        }
        guard let presence else { return write }
        chunksBeforePresence -= taken
        guard chunksBeforePresence <= 0 else { return write }
        write.rest.append(presence.bytes)
        write.presence = true
        self.presence = nil
        return write
    }

    /// Ends a write.
    ///
    /// - Returns: whether all presence has left. It has not while a newer frame waits: that may be a list which stands for changes
    ///   that the reader was not told, and a delta in its place would leave a gap.
    @discardableResult
    mutating func writeDone(_ write: Write) -> Bool {
        isWriting = false
        return write.presence && presence == nil
    }
}

extension Array {
    /// The element at a place; nil behind the end.
    fileprivate func element(_ index: Int) -> Element? { index < count ? self[index] : nil }
}
