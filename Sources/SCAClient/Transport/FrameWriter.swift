internal import NIOCore
internal import SCACore

/// Frames of a client on their way out: encoded, masked and put behind each other in one array, to leave in one write.
///
/// Masking keys come from the system's generator, two of one number: RFC 6455, section 10.3, wants them unpredictable.
struct FrameWriter {
    private var outgoing: [UInt8] = []
    private var payload: [UInt8] = []
    private var random = SystemRandomNumberGenerator()
    private var spareKey: UInt32?

    /// Appends a frame of the protocol.
    mutating func append(_ frame: ClientFrame) {
        payload.removeAll(keepingCapacity: true)
        FrameEncoder.append(frame, to: &payload)
        let key = nextKey()
        // A second reference, no copy: a span of a stored property would borrow all of this value.
        let encoded = payload
        WebSocketFrame.append(.text, payload: encoded.span, maskingKey: key, to: &outgoing)
    }

    /// Appends the answer to a WebSocket ping.
    mutating func append(pong payload: Span<UInt8>) {
        let key = nextKey()
        WebSocketFrame.append(.pong, payload: payload, maskingKey: key, to: &outgoing)
    }

    /// Appends a close frame.
    mutating func append(_ reason: CloseReason) {
        let payload = WebSocketFrame.closePayload(reason)
        let key = nextKey()
        WebSocketFrame.append(.close, payload: payload.span, maskingKey: key, to: &outgoing)
    }

    /// Takes what was appended; nil if nothing was.
    mutating func take(_ allocator: ByteBufferAllocator) -> ByteBuffer? {
        guard !outgoing.isEmpty else { return nil }
        var buffer = allocator.buffer(capacity: outgoing.count)
        buffer.writeBytes(outgoing)
        // One very long batch shall not hold its memory for ever.
        outgoing.removeAll(keepingCapacity: outgoing.count < 1 << 18)
        return buffer
    }

    private mutating func nextKey() -> UInt32 {
        if let key = spareKey {
            spareKey = nil
            return key
        }
        let number = random.next() as UInt64
        spareKey = UInt32(truncatingIfNeeded: number >> 32)
        return UInt32(truncatingIfNeeded: number)
    }
}
