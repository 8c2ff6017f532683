internal import CZlib
internal import Synchronization

// DEFLATE as permessage-deflate uses it (RFC 7692, section 7.2): a raw stream, cut by sync flushes, of which the last four bytes,
// 00 00 FF FF, are left out of each message. The only file that imports zlib.
//
// Memory. An inflater holds about 7 KiB and its window (256 bytes to 32 KiB) while a message is being read, and goes on holding them
// only with context takeover. A deflater holds four windows, 128 KiB of tables and about 6 KiB.
//
// What a message inflates to is bounded while it inflates: zlib is given no more room than the limit has left, and one byte
// beyond it is refused. So a compression bomb costs the limit, whatever it would have grown to.
//
//   hostile (the peer's)   no DEFLATE, a message that ends inside a block, a reference in front of the window: 1007; a bomb: 1009
//   harmless               final blocks (BFINAL): what follows them is read on, with the same window (section 7.2.3.4);
//                          references behind a window of less than 32 KiB: zlib follows them while it has the bytes at hand,
//                          so these alone are judged by how the stream was cut
//
// A z_stream must not move, since zlib keeps its address; so it lives behind a pointer. zlib refuses to compress with a window of 256
// bytes, so who agreed on that sends its messages as they are, which every message may be.

/// Undoes the compression of one direction of a connection. A copy of a parser shares it, and so it is locked; nobody waits for it.
package final class Inflater: Sendable {
    /// zlib's state, made for the first message that needs it.
    private final class Stream {
        let raw = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

        init?(windowBits: Int) {
            raw.initialize(to: z_stream())
            let size = CInt(MemoryLayout<z_stream>.size)
            guard inflateInit2_(raw, -CInt(windowBits), ZLIB_VERSION, size) == Z_OK else { return nil }
        }

        deinit {
            inflateEnd(raw)
            raw.deallocate()
        }
    }

    private enum Outcome {
        case done
        case tooLong
        case corrupt
    }

    private static let chunk = 8_192
    private static let tail: [UInt8] = [0, 0, 0xFF, 0xFF]

    private let windowBits: Int
    private let takesOver: Bool
    private let stream = Mutex<Stream?>(nil)

    /// - Parameters:
    ///   - windowBits: The window that the peer compresses with, 8 to 15.
    ///   - takesOver: Whether a message may refer to those before it.
    package init(windowBits: Int, takesOver: Bool) {
        self.windowBits = windowBits
        self.takesOver = takesOver
    }

    /// Whether memory is held.
    package var isHolding: Bool { stream.withLock { $0 != nil } }

    /// Inflates the next piece of a message. O(what it grows to), and never more than `limit` allows.
    ///
    /// - Parameters:
    ///   - piece: Compressed bytes; may be empty.
    ///   - output: What to append to; on an error, what comes before it.
    ///   - limit: How long `output` may become, in bytes.
    /// - Throws: 1007 if it is not DEFLATE; 1009 over the limit. The inflater is not to be used again then.
    package func inflate(_ piece: Span<UInt8>, to output: inout [UInt8], limit: Int) throws(CloseReason) {
        let outcome = stream.withLock { stream in run(&stream, piece, &output, limit) }
        try judge(outcome, limit)
    }

    /// Ends a message: it must end where a sync flush does.
    ///
    /// - Throws: as `inflate`, and 1007 for a message that is cut off.
    package func endMessage(to output: inout [UInt8], limit: Int) throws(CloseReason) {
        let outcome = stream.withLock { stream in
            guard let state = stream, inflateSyncPoint(state.raw) == 1 else { return Outcome.corrupt }
            let outcome = run(&stream, Self.tail.span, &output, limit)
            if !takesOver { stream = nil }
            return outcome
        }
        try judge(outcome, limit)
    }

    /// Forgets everything and frees its memory.
    package func reset() {
        stream.withLock { $0 = nil }
    }

    private func run(
        _ stream: inout Stream?,
        _ piece: Span<UInt8>,
        _ output: inout [UInt8],
        _ limit: Int
    ) -> Outcome {
        if stream == nil { stream = Stream(windowBits: windowBits) }
        guard let raw = stream?.raw else { return .corrupt }
        return piece.withUnsafeBufferPointer { input in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.chunk) { room in
                // zlib only reads its input.
                raw.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                raw.pointee.avail_in = uInt(clamping: input.count)
                defer { raw.pointee.next_in = nil }
                return Self.pump(raw, room, &output, limit)
            }
        }
    }

    private static func pump(
        _ raw: UnsafeMutablePointer<z_stream>,
        _ room: UnsafeMutableBufferPointer<UInt8>,
        _ output: inout [UInt8],
        _ limit: Int
    ) -> Outcome {
        while true {
            // One byte more than fits tells a message that is too long from one that just fits.
            let space = min(room.count, limit - output.count + 1)
            guard space > 0 else { return .tooLong }
            raw.pointee.next_out = room.baseAddress
            raw.pointee.avail_out = uInt(clamping: space)
            let status = CZlib.inflate(raw, Z_SYNC_FLUSH)
            let made = space - Int(raw.pointee.avail_out)
            let fits = min(made, limit - output.count)
            output.append(contentsOf: room.prefix(fits))
            guard made == fits else { return .tooLong }
            switch status {
            case Z_OK: if raw.pointee.avail_in == 0, raw.pointee.avail_out > 0 { return .done }
            case Z_STREAM_END:
                // The block said that it was the last; the next message, or the rest of this one, follows nevertheless.
                guard inflateResetKeep(raw) == Z_OK else { return .corrupt }
                if raw.pointee.avail_in == 0 { return .done }
            case Z_BUF_ERROR: return .done
            default: return .corrupt
            }
        }
    }

    private func judge(_ outcome: Outcome, _ limit: Int) throws(CloseReason) {
        switch outcome {
        case .done: return
        case .tooLong: throw .tooBig(limit: limit)
        case .corrupt: throw .invalidData("a compressed message is not what RFC 7692 says")
        }
    }
}

/// Compresses messages, each by itself: none refers to those before it. Owned by one event loop.
package final class Deflater {
    private let raw = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let skipsHopeless: Bool

    /// - Parameters:
    ///   - windowBits: The window, 9 to 15.
    ///   - skipsHopeless: Whether messages that would not become shorter are left as they are.
    /// - Returns: nil for 8, which zlib does not do, or without memory.
    package init?(windowBits: Int, skipsHopeless: Bool) {
        self.skipsHopeless = skipsHopeless
        raw.initialize(to: z_stream())
        let size = CInt(MemoryLayout<z_stream>.size)
        let bits = -CInt(windowBits)
        guard (9...15).contains(windowBits),
            deflateInit2_(raw, Z_DEFAULT_COMPRESSION, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
                == Z_OK
        else { return nil }
    }

    deinit {
        deflateEnd(raw)
        raw.deallocate()
    }

    /// Compresses a message. O(`message.count`).
    ///
    /// - Returns: The payload to send, without the tail; nil if the message is to be sent as it is.
    package func deflate(_ message: Span<UInt8>) -> [UInt8]? {
        // A second flush with nothing in between writes nothing, and section 7.2.3.6 says what an empty message is.
        guard !message.isEmpty else { return skipsHopeless ? nil : [0] }
        let bound = Int(deflateBound(raw, uLong(message.count))) + 16
        let payload = message.withUnsafeBufferPointer { input in
            [UInt8](unsafeUninitializedCapacity: bound) { room, count in
                raw.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                raw.pointee.avail_in = uInt(clamping: input.count)
                raw.pointee.next_out = room.baseAddress
                raw.pointee.avail_out = uInt(clamping: room.count)
                CZlib.deflate(raw, Z_SYNC_FLUSH)
                // The last four bytes are the tail.
                count = max(0, room.count - Int(raw.pointee.avail_out) - 4)
            }
        }
        deflateReset(raw)
        return skipsHopeless && payload.count >= message.count ? nil : payload
    }
}
