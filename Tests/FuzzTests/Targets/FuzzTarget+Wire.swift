internal import SCACore

// One WebSocket text message, read as either end reads it: the first byte chooses the limits.
//
//   - what was read, written and read again, is the same, and is written the same;
//   - what was read keeps the limits.

extension FuzzTarget {
    static let wire = FuzzTarget(name: "wire") { bytes in
        var input = FuzzInput(bytes)
        let limits = input.choice() & 1 == 0 ? WireLimits() : WireLimits(textBytes: 8, watchedMobiles: 2)
        let decoder = FrameDecoder(limits: limits)
        let message = input.rest
        if let frame = try? decoder.clientFrame(message.span) {
            let written = FrameEncoder.encode(frame)
            let again = try? decoder.clientFrame(written.span)
            try require(again == frame, "a client's frame is read otherwise the second time")
            try require(again.map(FrameEncoder.encode) == written, "a client's frame is written otherwise")
            switch frame {
            case .message(_, let text, _):
                try require(text.string.utf8.count <= limits.textBytes, "a text over the limit")
                try require(text.string.utf8.count == text.utf8Count, "a text counts \(text.utf8Count)")
            case .watch(let users), .unwatch(let users):
                try require(users.count <= limits.watchedMobiles, "\(users.count) mobiles to watch")
            case .ping, .getOnlineUsers, .receipt: break
            }
        }
        if let frame = try? decoder.serverFrame(message.span) {
            if case .unknown = frame { return }
            let written = FrameEncoder.encode(frame)
            let again = try? decoder.serverFrame(written.span)
            try require(again == frame, "a server's frame is read otherwise the second time")
            try require(again.map(FrameEncoder.encode) == written, "a server's frame is written otherwise")
        }
    }
}
