// The first 2 to 14 bytes of a WebSocket frame (RFC 6455, section 5.2):
//
//     byte 0        FIN, three reserved bits (the first: compressed, by RFC 7692), opcode
//     byte 1        mask bit, length 0...125, or 126: 16 bits follow, or 127: 64 bits follow
//     2 or 8 bytes  the longer length, network order
//     4 bytes       the masking key, if the mask bit is set
//
// Strict, because leniency towards a broken peer is how two ends come to disagree about where a frame ends. The walk goes
// byte by byte from the front and judges each one on arrival, so the verdict is the earliest possible and is the same
// however the bytes were cut: `parse(prefix)` throws just when `parse(whole)` would have thrown inside that prefix.
//
// Rejected: trusting the length to be checked by whoever buffers the payload. The limit is applied here, before any of it.

/// Which end of the connection this is; it decides who masks (RFC 6455, section 5.1).
public enum WebSocketRole: Sendable {
    /// Reads masked frames and writes unmasked ones.
    case server
    /// Reads unmasked frames and writes masked ones.
    case client
}

/// What a frame is (RFC 6455, section 5.2); the codes that the RFC reserves have no case and are refused.
public enum WebSocketOpcode: UInt8, Sendable {
    /// A further fragment of the message that is under way.
    case continuation = 0
    /// A text message, or its first fragment.
    case text = 1
    /// A binary message, or its first fragment.
    case binary = 2
    /// The peer is done; see `WebSocketFrame.closeReason(_:)`.
    case close = 8
    /// To be answered by a pong with the same payload.
    case ping = 9
    /// The answer to a ping, or unasked for.
    case pong = 10

    /// Whether this is a control frame: never fragmented, at most 125 bytes of payload, allowed between fragments.
    public var isControl: Bool { rawValue >= 8 }
}

/// The header of one frame: everything that comes before its payload.
public struct FrameHeader: Equatable, Sendable {
    /// Whether this frame ends its message.
    public let fin: Bool
    /// Whether it begins a compressed message (RSV1; RFC 7692, section 6).
    package let isDeflated: Bool
    /// What the frame is.
    public let opcode: WebSocketOpcode
    /// The length of the payload that follows the header, in bytes.
    public let payloadLength: Int
    /// The masking key with its first byte on the wire on top (`37 fa 21 3d` is `0x37fa213d`); nil if the frame is unmasked.
    public let maskingKey: UInt32?
    /// The length of the header itself: 2 to 14 bytes.
    public let encodedLength: Int

    /// Reads the header at the start of `bytes`.
    ///
    /// - Parameters:
    ///   - bytes: What has arrived, from the frame's first byte on; what lies behind the header is not looked at.
    ///   - role: Which end is reading.
    ///   - maximumPayload: The longest payload of a data frame that is accepted, in bytes. Control frames have their own
    ///     limit of 125.
    /// - Returns: The header, or nil if it is not all there and nothing is wrong with it so far.
    /// - Throws: 1002 for a set reserved bit, a reserved opcode, a mask that is missing (but for a close frame) or too many, a control frame that is
    ///   a fragment or longer than 125 bytes, and a length that is not in its shortest form or has its top bit set; 1009
    ///   for a data frame over `maximumPayload`.
    public static func parse(
        _ bytes: Span<UInt8>,
        role: WebSocketRole,
        maximumPayload: Int
    ) throws(CloseReason) -> FrameHeader? {
        try parse(bytes, role: role, maximumPayload: maximumPayload, maximumDeflated: nil)
    }

    /// The same on a connection that may have agreed on compression.
    ///
    /// - Parameter maximumDeflated: The longest payload of a frame that begins a compressed message, in bytes; nil if no
    ///   compression was agreed.
    package static func parse(
        _ bytes: Span<UInt8>,
        role: WebSocketRole,
        maximumPayload: Int,
        maximumDeflated: Int?
    ) throws(CloseReason) -> FrameHeader? {
        guard bytes.count > 0 else { return nil }
        let opcode = try opcode(inFirst: bytes[0], allowsDeflate: maximumDeflated != nil)
        let isDeflated = bytes[0] & 0x40 != 0
        let maximumPayload = isDeflated ? maximumDeflated ?? 0 : maximumPayload
        guard bytes.count > 1 else { return nil }
        try checkSecond(bytes[1], opcode: opcode, role: role)
        guard let length = try length(of: bytes, limit: opcode.isControl ? 125 : maximumPayload) else { return nil }
        let encodedLength = encodedLength(second: bytes[1])
        guard bytes.count >= encodedLength else { return nil }
        var key: UInt32?
        if bytes[1] & 0x80 != 0 {
            key = (encodedLength - 4..<encodedLength).reduce(0) { $0 << 8 | UInt32(bytes[$1]) }
        }
        return FrameHeader(
            fin: bytes[0] & 0x80 != 0,
            isDeflated: isDeflated,
            opcode: opcode,
            payloadLength: length,
            maskingKey: key,
            encodedLength: encodedLength
        )
    }

    /// How long a header is that has `second` as its second byte: 2 to 14 bytes.
    static func encodedLength(second: UInt8) -> Int {
        let length =
            switch second & 0x7F {
            case 126: 4
            case 127: 10
            default: 2
            }
        return second & 0x80 == 0 ? length : length + 4
    }

    private static func opcode(inFirst byte: UInt8, allowsDeflate: Bool) throws(CloseReason) -> WebSocketOpcode {
        let beginsMessage =
            byte & 0x0F == WebSocketOpcode.text.rawValue || byte & 0x0F == WebSocketOpcode.binary.rawValue
        guard byte & (allowsDeflate && beginsMessage ? 0x30 : 0x70) == 0 else {
            throw .protocolError(
                allowsDeflate
                    ? "a reserved bit is set that does not say compressed, or not where a message begins"
                    : "a reserved bit is set, but no extension was agreed"
            )
        }
        guard let opcode = WebSocketOpcode(rawValue: byte & 0x0F) else {
            throw .protocolError("opcode \(byte & 0x0F) is reserved")
        }
        guard byte & 0x80 != 0 || !opcode.isControl else { throw .protocolError("a control frame is fragmented") }
        return opcode
    }

    private static func checkSecond(_ byte: UInt8, opcode: WebSocketOpcode, role: WebSocketRole) throws(CloseReason) {
        let isMasked = byte & 0x80 != 0
        switch role {
        case .server:
            // Caddy before 2.6.3 forgets to mask the one frame that it writes itself, the close frame when it is reloaded. It ends
            // the connection like any other, so whoever was cut off hears that he may come back, and not that he is at fault.
            guard isMasked || opcode == .close else { throw .protocolError("a client's frame is not masked") }
        case .client: guard !isMasked else { throw .protocolError("a server's frame is masked") }
        }
        guard !opcode.isControl || byte & 0x7F <= 125 else {
            throw .protocolError("a control frame is longer than 125 bytes")
        }
    }

    /// The payload length; nil if its bytes are not all there. The first bytes of a long length are already a lower bound, so
    /// what is hopeless is refused before the last one.
    private static func length(of bytes: Span<UInt8>, limit: Int) throws(CloseReason) -> Int? {
        let short = UInt64(bytes[1] & 0x7F)
        let limitBits = UInt64(clamping: limit)
        guard short > 125 else {
            guard short <= limitBits else { throw .tooBig(limit: limit) }
            return Int(short)
        }
        let (width, shorterForm): (Int, UInt64) = short == 126 ? (2, 125) : (8, 65_535)
        var length: UInt64 = 0
        for index in 0..<width {
            guard bytes.count > 2 + index else { return nil }
            length |= UInt64(bytes[2 + index]) << UInt64(8 * (width - 1 - index))
            guard length >> 63 == 0 else { throw .protocolError("the top bit of a 64-bit length is set") }
            guard length <= shorterForm || length <= limitBits else { throw .tooBig(limit: limit) }
        }
        guard length > shorterForm else { throw .protocolError("a length is not in its shortest form") }
        return Int(clamping: length)
    }
}
