import SCACore
import Testing

@testable import SCAServerd

/// Compressed messages over loopback, and what a session's outbox counts them as.
@Suite(.serialized) struct CompressionTests {
    private static let offer = "permessage-deflate; client_max_window_bits"

    /// Upgrades with an offer.
    ///
    /// - Returns: The head of the answer.
    private func upgrade(_ client: RawClient, _ mobile: Int, _ offer: String = offer) throws -> String {
        // The last line break is one character, and the end of the head.
        let request = RawClient.upgrade("/ws/\(9_876_543_210 + mobile)").dropLast()
        try client.send(request + "Sec-WebSocket-Extensions: \(offer)\r\n\r\n")
        return try client.readHead()
    }

    private func deflated(_ text: String) throws -> [UInt8] {
        let message = Array(text.utf8)
        let deflated = Deflater(windowBits: 9, skipsHopeless: false)?.deflate(message.span)
        let payload = try #require(deflated)
        var frame: [UInt8] = []
        WebSocketFrame.append(.text, deflated: payload.span, maskingKey: 0x0102_0304, to: &frame)
        return frame
    }

    @Test func compressionIsOffUnlessTheOperatorWantsIt() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            let head = try upgrade(client, 0)
            #expect(head.hasPrefix("HTTP/1.1 101"))
            #expect(!head.contains("Sec-WebSocket-Extensions"))
            #expect(try client.frame() == #"{"type":"online_users","users":["9876543210"]}"#)
            try client.send(deflated(#"{"type":"ping"}"#))
            #expect(try client.frame() == "close 1002")
        }
    }

    @Test func eachSessionGetsWhatItAgreedTo() async throws {
        try await withServer({ $0.compressionWindowBits = 12 }) { _, port in
            let alice = try RawClient(port: port)
            let head = try upgrade(alice, 0)
            #expect(
                head.contains(
                    "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
                        + "server_max_window_bits=12; client_max_window_bits=12\r\n"
                )
            )
            _ = try alice.frame()
            try alice.send(deflated(#"{"type":"ping"}"#))
            #expect(try alice.frame() == #"{"type":"pong"}"#, "too short to be compressed")
            let bob = try RawClient(port: port)
            try bob.open("/ws/9876543211")
            _ = try bob.frame()
            _ = try alice.frame()
            let text = String(repeating: "the same again, ", count: 100)
            try bob.sendFrame(#"{"type":"message","to":"9876543210","text":"\#(text)"}"#)
            #expect(try alice.frame() == #"deflated {"type":"message","from":"9876543211","text":"\#(text)"}"#)
            try alice.send(deflated(#"{"type":"message","to":"9876543211","text":"\#(text)"}"#))
            #expect(try bob.frame() == #"{"type":"message","from":"9876543210","text":"\#(text)"}"#)
        }
    }

    @Test func aCompressionBombIsCutOff() async throws {
        // Before anybody connects: it takes a minute in a build that watches itself, and who is silent so long is closed for that.
        let bomb = try deflated(String(repeating: "a", count: 16 << 20))
        #expect(bomb.count < 65_536, "within the limit as it comes")
        try await withServer({ $0.compressionWindowBits = 15 }) { _, port in
            let client = try RawClient(port: port)
            _ = try upgrade(client, 0)
            _ = try client.frame()
            try client.send(bomb)
            #expect(try client.frame() == "close 1009")
        }
    }

    @Test func anOfferThatIsNoListIsRefused() async throws {
        try await withServer({ $0.compressionWindowBits = 15 }) { _, port in
            #expect(try upgrade(RawClient(port: port), 0, "permessage-deflate; a=").hasPrefix("HTTP/1.1 400"))
            let head = try upgrade(RawClient(port: port), 0, "permessage-deflate; unknown")
            #expect(head.hasPrefix("HTTP/1.1 101") && !head.contains("Sec-WebSocket-Extensions"))
        }
    }

    @Test func aFrameForManyIsCompressedOnce() {
        let compressor = FrameCompressor(policy: DeflatePolicy(windowBits: 12))
        let frame = EncodedFrame(.text, payload: [UInt8](repeating: 0x61, count: 5_000))
        let first = compressor.compress(frame, windowBits: 12)
        #expect(first.count < 100)
        #expect(compressor.compress(frame, windowBits: 12).isSame(as: first))
        #expect(!compressor.compress(frame, windowBits: 9).isSame(as: first))
        let pong = EncodedFrame(.pong, payload: [UInt8](repeating: 0x61, count: 125))
        #expect(compressor.compress(pong, windowBits: 12).isSame(as: pong))
        // zlib has no window of 256 bytes.
        #expect(compressor.compress(frame, windowBits: 8).isSame(as: frame))
    }

    @Test func theOutboxCountsWhatTheHubCounted() {
        let frame = EncodedFrame(.text, payload: [UInt8](repeating: 0x61, count: 5_000))
        let compressed = FrameCompressor(policy: DeflatePolicy(windowBits: 12)).compress(frame, windowBits: 12)
        var outbox = Outbox()
        for _ in 0..<3 { outbox.append(compressed, counted: frame.count) }
        let write = outbox.takeWrite()
        #expect(write?.bytes == 3 * frame.count)
        #expect(write?.buffers.reduce(0) { $0 + $1.readableBytes } == 3 * compressed.count)
    }
}
