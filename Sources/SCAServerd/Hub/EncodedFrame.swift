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

    init(_ reason: CloseReason) {
        self.init(.close, payload: WebSocketFrame.closePayload(reason))
    }
}
