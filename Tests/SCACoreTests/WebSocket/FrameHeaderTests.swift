internal import SCACore
internal import Testing

@Suite struct FrameHeaderTests {
    private func parse(
        _ bytes: [UInt8],
        _ role: WebSocketRole = .client,
        limit: Int = .max
    ) throws(CloseReason) -> FrameHeader? {
        try FrameHeader.parse(bytes.span, role: role, maximumPayload: limit)
    }

    private func code(_ bytes: [UInt8], _ role: WebSocketRole = .client, limit: Int = .max) -> UInt16? {
        do throws(CloseReason) {
            _ = try parse(bytes, role, limit: limit)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func everyFieldIsRead() throws {
        let short = try #require(try parse([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f], .server))
        #expect(short.fin && short.opcode == .text && short.payloadLength == 5)
        #expect(short.maskingKey == 0x37fa_213d && short.encodedLength == 6)
        let long = try #require(try parse([0x02, 127, 0, 0, 0, 0, 0, 1, 0, 0]))
        #expect(!long.fin && long.opcode == .binary && long.payloadLength == 65_536)
        #expect(long.maskingKey == nil && long.encodedLength == 10)
    }

    @Test func anUnfinishedHeaderIsNotAnError() throws {
        let headers: [([UInt8], WebSocketRole)] = [
            ([0x81, 0x05], .client), ([0x81, 126, 1, 0], .client), ([0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0], .client),
            ([0x81, 0x85, 1, 2, 3, 4], .server), ([0x81, 0xFE, 1, 0, 1, 2, 3, 4], .server),
            ([0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4], .server),
        ]
        for (header, role) in headers {
            for length in 0..<header.count { #expect(try parse(Array(header[..<length]), role) == nil) }
            #expect(try parse(header, role)?.encodedLength == header.count)
        }
    }

    @Test(arguments: [0x40, 0x20, 0x10, 0x70] as [UInt8])
    func reservedBitsAreRefusedAtTheFirstByte(bits: UInt8) {
        #expect(code([0x81 | bits]) == 1002)
    }

    @Test(arguments: [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as [UInt8])
    func reservedOpcodesAreRefusedAtTheFirstByte(opcode: UInt8) {
        #expect(code([0x80 | opcode]) == 1002)
        #expect(code([opcode]) == 1002)
    }

    @Test(arguments: [8, 9, 10] as [UInt8])
    func fragmentedControlFramesAreRefused(opcode: UInt8) {
        #expect(code([opcode]) == 1002)
        #expect(code([0x80 | opcode]) == nil)
    }

    @Test(arguments: [8, 9, 10] as [UInt8])
    func controlFramesOver125BytesAreRefused(opcode: UInt8) {
        #expect(code([0x80 | opcode, 125]) == nil)
        #expect(code([0x80 | opcode, 126]) == 1002)
        #expect(code([0x80 | opcode, 127]) == 1002)
    }

    @Test func aServerRefusesUnmaskedFrames() {
        #expect(code([0x81, 0x05], .server) == 1002)
        #expect(code([0x81, 0x85], .server) == nil)
        #expect(code([0x89, 0x00], .server) == 1002)
        #expect(code([0x88, 0x02], .server) == nil)
    }

    @Test func aClientRefusesMaskedFrames() {
        #expect(code([0x81, 0x85], .client) == 1002)
        #expect(code([0x81, 0x05], .client) == nil)
    }

    @Test func nonMinimalLengthIsRefused() {
        #expect(code([0x82, 126, 0, 125]) == 1002)
        #expect(code([0x82, 126, 0, 126]) == nil)
        #expect(code([0x82, 127, 0, 0, 0, 0, 0, 0, 255, 255]) == 1002)
        #expect(code([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]) == nil)
    }

    @Test func theTopBitOfA64BitLengthIsRefusedAtOnce() {
        #expect(code([0x82, 127, 0x80]) == 1002)
        #expect(code([0x82, 127, 0xFF, 255, 255, 255, 255, 255, 255, 255]) == 1002)
        #expect(code([0x82, 127, 0x7F, 255, 255, 255, 255, 255, 255, 255]) == nil)
    }

    @Test func theLimitIsExact() {
        #expect(code([0x82, 100], limit: 100) == nil)
        #expect(code([0x82, 101], limit: 100) == 1009)
        #expect(code([0x82, 126, 1, 0], limit: 256) == nil)
        #expect(code([0x82, 126, 1, 1], limit: 256) == 1009)
        #expect(code([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0], limit: 65_536) == nil)
        #expect(code([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 1], limit: 65_536) == 1009)
        #expect(code([0x82, 0], limit: 0) == nil)
        #expect(code([0x82, 1], limit: -1) == 1009)
    }

    @Test func aHopelessLengthIsRefusedBeforeItsLastByte() {
        #expect(code([0x82, 126, 2], limit: 256) == 1009)
        #expect(code([0x82, 127, 1], limit: 1 << 20) == 1009)
        #expect(code([0x82, 127, 0, 0, 0, 0, 0], limit: 1 << 20) == nil)
    }

    @Test func controlFramesDoNotCountTowardTheLimit() {
        #expect(code([0x89, 125], limit: 10) == nil)
    }

    @Test func anErrorDoesNotDependOnWhatFollows() {
        // Each two-byte beginning: what the first byte deserves, it gets with the second one there too.
        for first in UInt8.min...UInt8.max {
            guard let early = code([first], .server) else { continue }
            let late = Set((UInt8.min...UInt8.max).map { code([first, $0], .server) })
            #expect(late == [early], "first byte \(first)")
        }
    }
}
