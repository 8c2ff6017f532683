internal import SCACore

// The WebSocket codec: the first two bytes choose the end, the limit and the cuts, the rest is the stream.
//
//   - events and error do not depend on how the stream was cut, nor on whether the receiver stops at each event;
//   - what was handed out, encoded anew, is handed out again;
//   - what is held never exceeds the limit of a message and a small share of growth.

extension FuzzTarget {
    static let frames = FuzzTarget(name: "frames") { bytes in
        var input = FuzzInput(bytes)
        let choice = input.choice()
        let cuts = input.choice()
        let run = Run(
            role: choice & 1 == 0 ? .server : .client,
            limit: [10, 126, 1_000, 1 << 20][choice >> 1 & 3]
        )
        let stream = input.rest
        let whole = try run.events(of: [stream], flow: .proceed)
        try require(try run.events(of: stream.pieces(cuts), flow: .proceed) == whole, "the cuts change what is read")
        try require(try run.events(of: stream.pieces(0), flow: .proceed) == whole, "single bytes are read otherwise")
        try require(try run.events(of: stream.pieces(cuts), flow: .stop) == whole, "stopping changes what is read")
        try require(
            try run.events(of: [run.encode(whole.events)], flow: .proceed).events == whole.events,
            "what was written again is read otherwise"
        )
    }

    private struct Run {
        let role: WebSocketRole
        let limit: Int

        struct Result: Equatable {
            var events: [WebSocketEvent] = []
            var error: CloseReason?
        }

        func events(of pieces: [[UInt8]], flow: WebSocketFlow) throws(FuzzFinding) -> Result {
            var parser = FrameParser(role: role, maximumMessage: limit)
            var result = Result()
            var size = 0
            for piece in pieces where result.error == nil {
                feed(&parser, piece, flow, &result)
                size += piece.count
                let bound = 2 * (min(limit, size) + size) + 1_024
                try require(parser.bufferCapacity <= bound, "\(parser.bufferCapacity) bytes are held of \(size)")
            }
            var before = -1
            while flow == .stop, result.error == nil, result.events.count != before {
                before = result.events.count
                feed(&parser, [], flow, &result)
            }
            return result
        }

        private func feed(_ parser: inout FrameParser, _ piece: [UInt8], _ flow: WebSocketFlow, _ result: inout Result)
        {
            var piece = piece
            var span = piece.mutableSpan
            do throws(CloseReason) {
                try parser.consume(&span) { kind, payload in
                    result.events.append(WebSocketEvent(kind, payload))
                    return flow
                }
            } catch {
                result.error = error
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
