internal import SCACore
internal import SCATesting
internal import Testing

@Suite struct WebSocketFrameTests {
    private static let hello = Array("Hello".utf8)

    /// RFC 6455, section 5.7, byte for byte.
    @Test func theExamplesOfTheRFCAreWritten() {
        let hello = Self.hello
        #expect(WebSocketFrame.encode(.text, payload: hello) == [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f])
        #expect(
            WebSocketFrame.encode(.text, payload: hello, maskingKey: 0x37fa_213d)
                == [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        )
        #expect(WebSocketFrame.encode(.ping, payload: hello) == [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f])
        #expect(
            WebSocketFrame.encode(.pong, payload: hello, maskingKey: 0x37fa_213d)
                == [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        )
        let kilobyte = WebSocketFrame.encode(.binary, payload: [UInt8](repeating: 0, count: 256))
        #expect(kilobyte.prefix(4) == [0x82, 0x7E, 0x01, 0x00] && kilobyte.count == 260)
        let large = WebSocketFrame.encode(.binary, payload: [UInt8](repeating: 0, count: 65_536))
        #expect(large.prefix(10) == [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] && large.count == 65_546)
    }

    @Test func theExamplesOfTheRFCAreRead() {
        let hello = Self.hello
        let masked: [UInt8] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        #expect(ParserRun(masked, role: .server).events == [.text(hello)])
        #expect(ParserRun([0x81, 0x05] + hello, role: .client).events == [.text(hello)])
        let fragments: [UInt8] = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f]
        #expect(ParserRun(fragments, role: .client).events == [.text(hello)])
        #expect(ParserRun([0x89, 0x05] + hello, role: .client).events == [.ping(hello)])
        let pong: [UInt8] = [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        #expect(ParserRun(pong, role: .server).events == [.pong(hello)])
    }

    @Test(arguments: [0, 1, 125, 126, 127, 65_535, 65_536], [WebSocketRole.server, .client])
    func whatIsWrittenIsRead(length: Int, role: WebSocketRole) throws {
        var random = SeededGenerator(seed: UInt64(length))
        let key: UInt32? =
            switch role {
            case .server: 0xA1B2_C3D4
            case .client: nil
            }
        let payload = random.bytes(length)
        let frame = WebSocketFrame.encode(.binary, payload: payload, maskingKey: key)
        let header = try #require(try FrameHeader.parse(frame.span, role: role, maximumPayload: length))
        #expect(header.payloadLength == length && header.maskingKey == key && header.opcode == .binary && header.fin)
        #expect(header.encodedLength + length == frame.count)
        #expect(ParserRun(frame, role: role, maximumMessage: length).events == [.binary(payload)])
        #expect(ParserRun(frame.chunks(of: 1000), role: role, maximumMessage: length).events == [.binary(payload)])
    }

    @Test func framesAreAppendedBehindWhatIsThere() {
        var output: [UInt8] = [1, 2, 3]
        WebSocketFrame.append(.text, payload: Self.hello.span, maskingKey: 0x37fa_213d, to: &output)
        let nothing: [UInt8] = []
        WebSocketFrame.append(.ping, payload: nothing.span, to: &output)
        #expect(output == [1, 2, 3, 0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58, 0x89, 0])
    }

    @Test func aControlPayloadIsCutAt125Bytes() {
        let frame = WebSocketFrame.encode(.ping, payload: [UInt8](repeating: 1, count: 126))
        #expect(ParserRun(frame, role: .client).events == [.ping([UInt8](repeating: 1, count: 125))])
    }

    @Test func aNegativeLengthIsWrittenAsZero() {
        var output: [UInt8] = []
        WebSocketFrame.appendHeader(opcode: .text, payloadLength: .min, to: &output)
        #expect(output == [0x81, 0])
    }

    // MARK: Close frames

    @Test func onlySendableCodesAreAccepted() {
        for code in UInt16.min...UInt16.max {
            let accepted = (try? closeReason(of: [UInt8(code >> 8), UInt8(code & 0xFF)])) != nil
            let sendable =
                [1000, 1001, 1002, 1003].contains(code) || (1007...1014).contains(code) || (3000...4999).contains(code)
            if accepted != sendable { Issue.record("code \(code)") }
        }
    }

    @Test func anEmptyClosePayloadIsNoStatus() throws {
        #expect(try closeReason(of: []) == .noStatus)
        #expect(WebSocketFrame.closePayload(.noStatus) == [])
    }

    @Test func aClosePayloadOfOneByteIsRefused() {
        #expect(ParserRun(RawFrame.masked(0x88, [3])).error?.code == 1002)
    }

    @Test func aCloseReasonThatIsNotUTF8IsRefused() {
        #expect(ParserRun(RawFrame.masked(0x88, [3, 232, 0xFF])).error?.code == 1007)
        #expect(ParserRun(RawFrame.masked(0x88, [3, 232, 0xE4, 0xB8])).error?.code == 1007)
    }

    @Test func closeReasonsAreReadBack() throws {
        for reason in [CloseReason.normal, .draining, CloseReason(code: 4999, reason: "пока 👋")] {
            #expect(try closeReason(of: WebSocketFrame.closePayload(reason)) == reason)
        }
    }

    @Test func aLongReasonIsCutBeforeTheCharacterThatDoesNotFit() throws {
        for shift in 0..<4 {
            let reason = String(repeating: "x", count: shift) + String(repeating: "👍", count: 40)
            let payload = WebSocketFrame.closePayload(CloseReason(code: 1000, reason: reason))
            let read = try closeReason(of: payload)
            #expect(payload.count <= 125 && payload.count > 125 - 4)
            #expect(reason.hasPrefix(read.reason))
        }
        let exact = String(repeating: "x", count: 123)
        #expect(WebSocketFrame.closePayload(CloseReason(code: 1000, reason: exact)).count == 125)
        #expect(WebSocketFrame.closePayload(CloseReason(code: 1000, reason: exact + "x")).count == 125)
    }

    @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] as [UInt16])
    func aCodeThatMayNotBeSentIsNotSent(code: UInt16) {
        #expect(WebSocketFrame.closePayload(CloseReason(code: code, reason: "no")) == [])
    }

    private func closeReason(of payload: [UInt8]) throws(CloseReason) -> CloseReason {
        try WebSocketFrame.closeReason(payload.span)
    }
}
