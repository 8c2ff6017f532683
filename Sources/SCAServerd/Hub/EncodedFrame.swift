internal import NIOCore
internal import SCACore

/// One WebSocket frame as it goes over the wire, header included; encoded once, its bytes shared by every session.
struct EncodedFrame: Sendable, Equatable {
    let bytes: ByteBuffer

    var count: Int { bytes.readableBytes }

    init(_ frame: ServerFrame) {
        self.init(.text, payload: FrameEncoder.encode(frame))
    }

    init(_ opcode: WebSocketOpcode, payload: [UInt8]) {
        bytes = ByteBuffer(bytes: WebSocketFrame.encode(opcode, payload: payload))
    }

    /// A message that was compressed.
    init(_ opcode: WebSocketOpcode, deflated: [UInt8]) {
        var output: [UInt8] = []
        WebSocketFrame.append(opcode, deflated: deflated.span, to: &output)
        bytes = ByteBuffer(bytes: output)
    }

    fileprivate init(bytes: ByteBuffer) {
        self.bytes = bytes
    }

    /// Whether both are one buffer, not just the same bytes. O(1).
    func isSame(as other: EncodedFrame) -> Bool {
        // Both are alive, so what has the same address is the same memory, and nobody changes it.
        bytes.withUnsafeReadableBytes { mine in
            other.bytes.withUnsafeReadableBytes { mine.baseAddress == $0.baseAddress && mine.count == $0.count }
        }
    }

    init(_ reason: CloseReason) {
        self.init(.close, payload: WebSocketFrame.closePayload(reason))
    }
}

/// Memory that frames are put together in, so that each costs no more than its own bytes.
struct FrameScratch: Sendable {
    private static let keptBytes = 1 << 16

    private var payload: [UInt8] = []
    private var header: [UInt8] = []

    mutating func encode(_ message: ServerFrame) -> EncodedFrame {
        FrameEncoder.append(message, to: &payload)
        WebSocketFrame.appendHeader(opcode: .text, payloadLength: payload.count, to: &header)
        var frame = ByteBufferAllocator().buffer(capacity: header.count + payload.count)
        header.withUnsafeBytes { _ = frame.writeBytes($0) }
        payload.withUnsafeBytes { _ = frame.writeBytes($0) }
        header.removeAll(keepingCapacity: true)
        payload.removeAll(keepingCapacity: payload.count <= Self.keptBytes)
        return EncodedFrame(bytes: frame)
    }
}
