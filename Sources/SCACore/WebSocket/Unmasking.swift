// Masking (RFC 6455, section 5.3): byte i of a payload is XORed with byte i mod 4 of the key. Doing it twice undoes it, so
// one function serves both directions.
//
// The key is repeated to fill a word and applied eight bytes at a time with unaligned loads and stores: a payload starts
// wherever its header ended, and an unaligned word costs next to nothing on the machines that we run on, while walking up to
// an aligned one costs a loop. Rejected: a loop over bytes; SIMD types, for payloads that are mostly shorter than 100 bytes.

/// Applies and removes the masks of frames.
public enum Unmasking {
    /// XORs a payload, or a piece of one, with its key, in place. O(`bytes.count`).
    ///
    /// - Parameters:
    ///   - bytes: The bytes to mask or unmask; any alignment, may be empty.
    ///   - key: The key as in `FrameHeader.maskingKey`; 0 changes nothing.
    ///   - offset: How many bytes of the same payload came before `bytes`; only its lowest two bits matter.
    public static func apply(_ bytes: inout MutableSpan<UInt8>, key: UInt32, offset: Int = 0) {
        apply(&bytes, in: 0..<bytes.count, key: rotate(key, by: offset))
    }

    /// XORs what lies in a part of `bytes` with its key, in place; the rest stays as it is. O(`range.count`).
    ///
    /// - Parameters:
    ///   - bytes: A buffer that holds the payload.
    ///   - range: Where the payload lies; what of it is outside of `bytes` is left out.
    ///   - key: The key for the first byte in `range`, as in `FrameHeader.maskingKey`; 0 changes nothing.
    public static func apply(_ bytes: inout MutableSpan<UInt8>, in range: Range<Int>, key: UInt32) {
        let range = range.clamped(to: 0..<bytes.count)
        guard key != 0, !range.isEmpty else { return }
        let half = UInt64(key.bigEndian)
        let word = half << 32 | half
        bytes.withUnsafeMutableBytes { buffer in
            // `range` was clamped to the buffer. Each access below `wordsEnd` is a whole word inside `raw`; the last 0 to 7
            // bytes are subscripted.
            let raw = UnsafeMutableRawBufferPointer(rebasing: buffer[range])
            let wordsEnd = raw.count & ~7
            for index in stride(from: 0, to: wordsEnd, by: 8) {
                let masked = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                raw.storeBytes(of: masked ^ word, toByteOffset: index, as: UInt64.self)
            }
            for index in wordsEnd..<raw.count {
                raw[index] ^= UInt8(truncatingIfNeeded: key >> UInt32(24 - 8 * (index & 3)))
            }
        }
    }

    /// The key as it stands `count` bytes further into the payload.
    static func rotate(_ key: UInt32, by count: Int) -> UInt32 {
        let bits = UInt32(count & 3) * 8
        return key << bits | key >> (32 - bits)
    }
}
