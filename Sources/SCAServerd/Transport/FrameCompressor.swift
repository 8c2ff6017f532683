internal import NIOCore
package import SCACore

/// Compresses what the sessions of one event loop are sent (RFC 7692); owned by that loop.
///
/// As no message may refer to those before it (`DeflatePolicy`), one deflater serves all sessions with the same window, and a frame
/// that goes to many of them one after the other, as lists of online users do, is compressed once. About 150 KiB for each
/// window that a client has asked for.
package final class FrameCompressor {
    private let policy: DeflatePolicy
    private let skipsHopeless: Bool

    private var deflaters: [Int: Deflater] = [:]
    /// The frame compressed last, and what became of it; large ones are worth remembering.
    private var last: (frame: EncodedFrame, windowBits: Int, compressed: EncodedFrame)?

    /// - Parameter skipsHopeless: Whether messages that would not become shorter are sent as they are.
    package init(policy: DeflatePolicy, skipsHopeless: Bool = true) {
        self.policy = policy
        self.skipsHopeless = skipsHopeless
    }

    /// Takes the first offer of a request that can be kept.
    ///
    /// - Parameter headers: The values of its `Sec-WebSocket-Extensions`.
    /// - Returns: nil if there is none.
    /// - Throws: `invalid_frame` if the headers do not follow the grammar.
    package func agree(_ headers: [String]) throws(WireError) -> AgreedCompression? {
        guard let (terms, header) = try policy.accept(headers) else { return nil }
        return AgreedCompression(compressor: self, terms: terms, header: header)
    }

    /// The frame as it is to be sent: compressed, or itself if that is not shorter or if it is a control frame.
    func compress(_ frame: EncodedFrame, windowBits: Int) -> EncodedFrame {
        if let last, last.windowBits == windowBits, last.frame.isSame(as: frame) { return last.compressed }
        guard let compressed = deflate(frame, windowBits) else { return frame }
        last = (frame, windowBits, compressed)
        return compressed
    }

    private func deflate(_ frame: EncodedFrame, _ windowBits: Int) -> EncodedFrame? {
        let deflater =
            deflaters[windowBits]
            ?? Deflater(windowBits: windowBits, skipsHopeless: skipsHopeless)
        guard let deflater else { return nil }
        deflaters[windowBits] = deflater
        return frame.bytes.withUnsafeReadableBytes { bytes in
            let bytes = Span<UInt8>(_unsafeBytes: bytes)
            let header = try? FrameHeader.parse(bytes, role: .client, maximumPayload: bytes.count)
            guard let header, !header.opcode.isControl,
                let deflated = deflater.deflate(bytes.extracting(header.encodedLength...))
            else { return nil }
            return EncodedFrame(header.opcode, deflated: deflated)
        }
    }
}

/// What one connection has agreed on.
package struct AgreedCompression {
    let compressor: FrameCompressor
    let terms: DeflateTerms
    /// The value of `Sec-WebSocket-Extensions` in the answer.
    package let header: String
}
