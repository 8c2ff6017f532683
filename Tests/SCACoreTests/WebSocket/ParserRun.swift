internal import SCACore
internal import SCATesting

/// What a parser made of a stream: its events, its error, and what it still holds.
struct ParserRun: Equatable {
    var events: [WebSocketEvent] = []
    var error: CloseReason?

    /// Feeds a fresh parser with `pieces`, one after the other, until it throws.
    init(_ pieces: [[UInt8]], role: WebSocketRole = .server, maximumMessage: Int = 1 << 20) {
        var parser = FrameParser(role: role, maximumMessage: maximumMessage)
        for piece in pieces where error == nil {
            feed(&parser, piece)
        }
    }

    /// Feeds a fresh parser with all of `stream` at once.
    init(_ stream: [UInt8], role: WebSocketRole = .server, maximumMessage: Int = 1 << 20) {
        self.init([stream], role: role, maximumMessage: maximumMessage)
    }

    /// Feeds a parser and notes what it hands out; `flow` is the answer to each event.
    mutating func feed(_ parser: inout FrameParser, _ bytes: [UInt8], flow: WebSocketFlow = .proceed) {
        var bytes = bytes
        var span = bytes.mutableSpan
        do throws(CloseReason) {
            try parser.consume(&span) { kind, payload in
                events.append(WebSocketEvent(kind, payload))
                return flow
            }
        } catch {
            self.error = error
        }
    }
}

extension [UInt8] {
    /// The array in pieces of `size` elements, the last one shorter.
    func chunks(of size: Int) -> [[UInt8]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}

/// Builds frames that `WebSocketFrame` cannot: fragments and violations.
enum RawFrame {
    static let key: UInt32 = 0x37fa_213d

    /// A frame with any first byte, as a client sends it.
    static func masked(_ first: UInt8, _ payload: [UInt8], key: UInt32 = key) -> [UInt8] {
        let frame = WebSocketFrame.encode(.binary, payload: payload, maskingKey: key)
        return [first] + frame.dropFirst()
    }

    /// A frame with any first byte, as a server sends it.
    static func plain(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [first] + WebSocketFrame.encode(.binary, payload: payload).dropFirst()
    }
}

extension SeededGenerator {
    /// `count` bytes of anything.
    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }

    /// `bytes` cut into pieces of random sizes, some of them empty.
    mutating func cut(_ bytes: [UInt8]) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = 0
        let largest = [1, 3, 20, 200].randomElement(using: &self) ?? 1
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 0...largest, using: &self))
            pieces.append(Array(bytes[start..<end]))
            start = end
        }
        return pieces
    }
}
