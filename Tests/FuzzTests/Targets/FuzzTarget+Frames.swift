@testable internal import SCACore

// The WebSocket codec: the first two bytes choose the end, the limit, whether compression was agreed on, and the cuts; the
// rest is the stream.
//
//   - events and error do not depend on how the stream was cut, nor on whether the receiver stops at each event;
//   - what was handed out, encoded anew, is handed out again;
//   - what is held never exceeds the limit of a message and a small share of growth.

extension FuzzTarget {
    static let frames = FuzzTarget(name: "frames") { bytes in
        var input = FuzzInput(bytes)
        let choice = input.choice()
        let cuts = input.choice()
        let isDeflated = choice & 8 != 0
        // Half a kilobyte inflates to half a megabyte: what is compressed has a lower highest limit, which makes no difference
        // but in time.
        let run = Run(
            role: choice & 1 == 0 ? .server : .client,
            limit: [10, 126, 1_000, isDeflated ? 1 << 14 : 1 << 20][choice >> 1 & 3],
            terms: isDeflated ? terms(choice >> 4) : nil
        )
        let stream = input.rest
        // Behind a narrow window zlib follows references for as long as it has the bytes at hand (`Inflater`), so only what is
        // held counts.
        if let terms = run.terms, terms.client.windowBits < 15 {
            _ = try run.events(of: stream, lengths: stream.lengths(cuts), flow: .proceed)
            return
        }
        let whole = try run.events(of: stream, lengths: [stream.count], flow: .proceed)
        let lengths = stream.lengths(cuts)
        try require(
            try run.events(of: stream, lengths: lengths, flow: .proceed) == whole,
            "the cuts change what is read"
        )
        try require(try run.events(of: stream, lengths: lengths, flow: .stop) == whole, "stopping changes what is read")
        // Single bytes cost most of all, and a long stream is not needed for what they may do.
        if cuts != 0, stream.count <= 64 {
            let singles = stream.lengths(0)
            try require(
                try run.events(of: stream, lengths: singles, flow: .proceed) == whole,
                "single bytes are read otherwise"
            )
        }
        guard !whole.events.isEmpty else { return }
        let again = run.encode(whole.events)
        try require(
            try run.events(of: again, lengths: [again.count], flow: .proceed).events == whole.events,
            "what was written again is read otherwise"
        )
    }

    /// What the ends may have agreed on.
    private static func terms(_ choice: Int) -> DeflateTerms {
        let direction = DeflateTerms.Direction(
            windowBits: choice & 2 == 0 ? 15 : 8 + choice >> 2,
            takesOver: choice & 1 == 0
        )
        return DeflateTerms(server: direction, client: direction)
    }

    private struct Run {
        let role: WebSocketRole
        let limit: Int
        let terms: DeflateTerms?

        struct Result: Equatable {
            var events: [WebSocketEvent] = []
            var error: CloseReason?
        }

        /// - Parameter lengths: of the pieces in which the stream comes.
        func events(of stream: [UInt8], lengths: [Int], flow: WebSocketFlow) throws(FuzzFinding) -> Result {
            var parser = FrameParser(role: role, maximumMessage: limit, terms: terms)
            var result = Result()
            // Unmasked in place, so each run has its own.
            var stream = stream
            var size = 0
            // DEFLATE makes at most 1,032 bytes of one.
            let growth = terms == nil ? 1 : 1_032
            for length in lengths where result.error == nil {
                feed(&parser, &stream, size..<size + length, flow, &result)
                size += length
                let bound = 2 * (min(limit, growth * size) + size) + 1_024
                try require(parser.bufferCapacity <= bound, "\(parser.bufferCapacity) bytes are held of \(size)")
            }
            var before = -1
            while flow == .stop, result.error == nil, result.events.count != before {
                before = result.events.count
                feed(&parser, &stream, size..<size, flow, &result)
            }
            return result
        }

        private func feed(
            _ parser: inout FrameParser,
            _ stream: inout [UInt8],
            _ range: Range<Int>,
            _ flow: WebSocketFlow,
            _ result: inout Result
        ) {
            stream.withUnsafeMutableBytes { bytes in
                do throws(CloseReason) {
                    try parser.consume(UnsafeMutableRawBufferPointer(rebasing: bytes[range])) { kind, payload in
                        result.events.append(WebSocketEvent(kind, payload))
                        return flow
                    }
                } catch {
                    result.error = error
                }
            }
        }

        /// The events as the other end would send them.
        func encode(_ events: [WebSocketEvent]) -> [UInt8] {
            let key: UInt32? = role == .server ? 0x37fa_213d : nil
            return events.flatMap { event in
                switch event {
                case .text(let bytes): WebSocketFrame.encode(.text, payload: bytes, maskingKey: key)
                case .binary(let bytes): WebSocketFrame.encode(.binary, payload: bytes, maskingKey: key)
                case .ping(let bytes): WebSocketFrame.encode(.ping, payload: bytes, maskingKey: key)
                case .pong(let bytes): WebSocketFrame.encode(.pong, payload: bytes, maskingKey: key)
                case .close(let reason):
                    WebSocketFrame.encode(.close, payload: WebSocketFrame.closePayload(reason), maskingKey: key)
                }
            }
        }
    }
}
