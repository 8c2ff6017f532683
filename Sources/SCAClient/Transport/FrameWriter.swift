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
    private var deflater: Deflater?

    /// Appends a frame of the protocol.
    mutating func append(_ frame: ClientFrame) {
        payload.removeAll(keepingCapacity: true)
        FrameEncoder.append(frame, to: &payload)
        // A second reference, no copy: a span of a stored property would borrow all of this value.
        let encoded = payload
        append(.text, encoded.span)
    }

    /// Compresses messages from here on, if the server lets us (RFC 7692).
    mutating func compress(_ terms: DeflateTerms) {
        deflater = Deflater(windowBits: terms.client.windowBits, skipsHopeless: false)
    }

    /// Appends a message or a control frame as it is.
    mutating func append(_ opcode: WebSocketOpcode, _ payload: Span<UInt8>) {
        let key = nextKey()
        if !opcode.isControl, let deflated = deflater?.deflate(payload) {
            WebSocketFrame.append(opcode, deflated: deflated.span, maskingKey: key, to: &outgoing)
        } else {
            WebSocketFrame.append(opcode, payload: payload, maskingKey: key, to: &outgoing)
        }
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
