// Writing frames (RFC 6455, section 5.2). We never fragment: every frame has FIN set, and its length is in the shortest form.
//
// A header can be written on its own, so that a server puts 2 to 10 bytes before a payload that many sessions share. A
// client masks (section 5.3); its key must be new for each frame and unpredictable (section 10.3), so it comes from the
// caller: there is no randomness in here.

/// Encodes frames, and reads and writes the payload of close frames.
public enum WebSocketFrame {
    /// The longest payload of a control frame, in bytes (section 5.5).
    public static let maximumControlPayload = 125

    /// Appends the header of an unfragmented frame: 2 to 14 bytes.
    ///
    /// - Parameters:
    ///   - opcode: What the frame is.
    ///   - payloadLength: The length of the payload that the caller puts behind it, in bytes, at most 125 for a control
    ///     frame; less than 0 counts as 0.
    ///   - maskingKey: The key that the payload is masked with, as in `FrameHeader.maskingKey`; nil on a server.
    ///   - output: What to append to.
    public static func appendHeader(
        opcode: WebSocketOpcode,
        payloadLength: Int,
        maskingKey: UInt32? = nil,
        to output: inout [UInt8]
    ) {
        appendHeader(first: 0x80 | opcode.rawValue, payloadLength: payloadLength, maskingKey: maskingKey, to: &output)
    }

    private static func appendHeader(first: UInt8, payloadLength: Int, maskingKey: UInt32?, to output: inout [UInt8]) {
        let maskBit: UInt8 = maskingKey == nil ? 0 : 0x80
        let length = UInt64(clamping: payloadLength)
        output.append(first)
        switch length {
        case 0...125:
            output.append(maskBit | UInt8(truncatingIfNeeded: length))
        case 126...65_535:
            output.append(maskBit | 126)
            appendNetworkOrder(length, width: 2, to: &output)
        default:
            output.append(maskBit | 127)
            appendNetworkOrder(length, width: 8, to: &output)
        }
        if let maskingKey { appendNetworkOrder(UInt64(maskingKey), width: 4, to: &output) }
    }

    /// Appends an unfragmented frame. O(`payload.count`).
    ///
    /// - Parameters:
    ///   - opcode: What the frame is.
    ///   - payload: Its payload, not masked; that of a control frame is cut at 125 bytes.
    ///   - maskingKey: The key to mask with, new for each frame; nil on a server.
    ///   - output: What to append to.
    public static func append(
        _ opcode: WebSocketOpcode,
        payload: Span<UInt8>,
        maskingKey: UInt32? = nil,
        to output: inout [UInt8]
    ) {
        let payload = opcode.isControl ? payload.extracting(first: maximumControlPayload) : payload
        append(first: 0x80 | opcode.rawValue, payload: payload, maskingKey: maskingKey, to: &output)
    }

    /// Appends a message that a `Deflater` has compressed, unfragmented (RFC 7692, section 7.2.1). O(`deflated.count`).
    package static func append(
        _ opcode: WebSocketOpcode,
        deflated: Span<UInt8>,
        maskingKey: UInt32? = nil,
        to output: inout [UInt8]
    ) {
        append(first: 0xC0 | opcode.rawValue, payload: deflated, maskingKey: maskingKey, to: &output)
    }

    private static func append(
        first: UInt8,
        payload: Span<UInt8>,
        maskingKey: UInt32?,
        to output: inout [UInt8]
    ) {
        output.reserveCapacity(max(output.count + 14 + payload.count, output.capacity))
        appendHeader(first: first, payloadLength: payload.count, maskingKey: maskingKey, to: &output)
        let start = output.count
        payload.withUnsafeBufferPointer { output.append(contentsOf: $0) }
        guard let maskingKey else { return }
        var span = output.mutableSpan
        Unmasking.apply(&span, in: start..<span.count, key: maskingKey)
    }

    /// An unfragmented frame of its own; see `append(_:payload:maskingKey:to:)`. One allocation.
    public static func encode(_ opcode: WebSocketOpcode, payload: Span<UInt8>, maskingKey: UInt32? = nil) -> [UInt8] {
        var output: [UInt8] = []
        append(opcode, payload: payload, maskingKey: maskingKey, to: &output)
        return output
    }

    /// An unfragmented frame of its own; see `append(_:payload:maskingKey:to:)`. One allocation.
    public static func encode(_ opcode: WebSocketOpcode, payload: [UInt8], maskingKey: UInt32? = nil) -> [UInt8] {
        encode(opcode, payload: payload.span, maskingKey: maskingKey)
    }

    private static func appendNetworkOrder(_ value: UInt64, width: Int, to output: inout [UInt8]) {
        for index in 0..<width {
            output.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * (width - 1 - index))))
        }
    }
}
