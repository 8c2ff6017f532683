// The payload of a close frame (RFC 6455, sections 5.5.1 and 7.4): nothing, or a status code of two bytes and a sentence of
// UTF-8. 1005, 1006 and 1015 describe a connection and never stand in a frame; 1004 and what is not listed is reserved.
// 1012 to 1014 are not in the RFC but in IANA's registry.

extension WebSocketFrame {
    /// Whether a status code may stand in a close frame: 1000...1003, 1007...1014, 3000...4999.
    public static func maySend(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    /// Reads the payload of a close frame.
    ///
    /// - Parameter payload: The payload, unmasked.
    /// - Returns: The peer's code and sentence; `CloseReason.noStatus` (1005) if the payload is empty.
    /// - Throws: 1002 for a payload of one byte and for a code that may not be sent; 1007 for a sentence that is not UTF-8.
    public static func closeReason(_ payload: Span<UInt8>) throws(CloseReason) -> CloseReason {
        guard payload.count > 0 else { return .noStatus }
        guard payload.count > 1 else { throw .protocolError("a close frame has half a status code") }
        let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
        guard maySend(code) else { throw .protocolError("status code \(code) may not be sent") }
        let sentence = payload.extracting(2...)
        guard UTF8Check.isValid(sentence) else { throw .invalidData("the reason of a close frame is not UTF-8") }
        return CloseReason(code: code, reason: sentence.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
    }

    /// Writes the payload of a close frame: at most 125 bytes.
    ///
    /// - Parameter reason: The code and the sentence; the sentence is cut before the character (Unicode scalar) that does
    ///   not fit.
    /// - Returns: The payload, not masked; empty if the code may not be sent, as 1005 may not.
    public static func closePayload(_ reason: CloseReason) -> [UInt8] {
        guard maySend(reason.code) else { return [] }
        let sentence = Array(reason.reason.utf8)
        var end = min(sentence.count, maximumControlPayload - 2)
        while end > 0, end < sentence.count, sentence[end] & 0xC0 == 0x80 { end -= 1 }
        return [UInt8(truncatingIfNeeded: reason.code >> 8), UInt8(truncatingIfNeeded: reason.code)] + sentence[..<end]
    }
}
