internal import SCACore
internal import SCATesting
internal import Testing

@Suite struct UnmaskingTests {
    /// Section 5.3 to the letter.
    private func reference(_ bytes: [UInt8], key: UInt32, offset: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            byte ^ UInt8(truncatingIfNeeded: key >> UInt32(24 - 8 * ((index + offset) % 4)))
        }
    }

    @Test func everyLengthOffsetAndAlignmentAgreesWithTheRFC() {
        var random = SeededGenerator(seed: 53)
        let key: UInt32 = 0x0123_89AB
        for length in 0..<40 {
            for offset in 0..<5 {
                for start in 0..<9 {
                    let original = random.bytes(start + length + 3)
                    var bytes = original
                    var span = bytes.mutableSpan
                    let shifted = key << UInt32(offset % 4 * 8) | UInt32(UInt64(key) >> UInt64(32 - offset % 4 * 8))
                    Unmasking.apply(&span, in: start..<start + length, key: shifted)
                    let middle = reference(Array(original[start..<start + length]), key: key, offset: offset)
                    #expect(bytes == original[..<start] + middle + original[(start + length)...])
                }
                var bytes = random.bytes(length)
                let expected = reference(bytes, key: key, offset: offset)
                var span = bytes.mutableSpan
                Unmasking.apply(&span, key: key, offset: offset)
                #expect(bytes == expected)
            }
        }
    }

    @Test func maskingTwiceChangesNothing() {
        let text = Array("Hello, world! Привет, мир!".utf8)
        var bytes = text
        var span = bytes.mutableSpan
        Unmasking.apply(&span, key: 0xDEAD_BEEF)
        Unmasking.apply(&span, key: 0xDEAD_BEEF)
        #expect(bytes == text)
    }

    @Test func aRangeOutsideOfTheBufferIsLeftOut() {
        var bytes: [UInt8] = [1, 2, 3, 4]
        var span = bytes.mutableSpan
        Unmasking.apply(&span, in: 2..<100, key: 0xFFFF_FFFF)
        Unmasking.apply(&span, in: 100..<200, key: 0xFFFF_FFFF)
        Unmasking.apply(&span, in: -3 ..< -1, key: 0xFFFF_FFFF)
        #expect(bytes == [1, 2, 252, 251])
    }

    @Test func anyOffsetIsAccepted() {
        for offset in [Int.min, -1, Int.max] {
            var bytes: [UInt8] = [0, 0, 0, 0, 0]
            var span = bytes.mutableSpan
            Unmasking.apply(&span, key: 0x0102_0304, offset: offset)
            #expect(bytes == reference([0, 0, 0, 0, 0], key: 0x0102_0304, offset: offset & 3))
        }
    }
}
