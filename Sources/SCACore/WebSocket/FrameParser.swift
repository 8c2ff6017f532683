// The one door for bytes from a WebSocket: what a transport has read goes in, whole messages and control frames come out in
// order. Pure; for both ends; owned by one connection's event loop. 34 bytes large (40 in an array), and an idle one has no heap memory, but for
// that of an inflater which keeps its window (`Inflater`).
//
// How it works. The parser stands either between frames, with perhaps a few bytes of an unfinished header or control frame,
// or inside the payload of a data frame. A payload is unmasked where it lies in the read buffer. If the whole message is
// there, it is handed out as it lies: no copy, no allocation. If not, what is there goes to the `MessageAssembler`, already
// unmasked and checked, and the rest follows with the next reads. An unfinished header is completed with just the bytes it
// lacks, so the frame behind it is again handed out where it lies.
//
// Stopping. The receiver may answer `.stop` to any event. The bytes that are left are kept, still masked, and the next call
// goes on with them; call with no bytes to go on with these alone. So a paused owner loses nothing; it holds whatever it goes
// on feeding, so who pauses stops reading too.
//
// After a close frame all bytes are discarded (section 1.4). After an error every call throws that error again: a stream
// that has lost its frame boundaries has none to go back to. What is thrown, and after which events, does not depend on how
// the bytes were cut; one exception is named in `Deflate.swift`.
//
//   impossible (our bug)   bytes held while inside a payload (the states cannot express it)
//   hostile (the peer's)   everything that `FrameHeader`, `MessageAssembler` and `WebSocketFrame.closeReason` refuse
//   harmless               bytes after a close; empty reads; a stop with nothing left
//
// Rejected: a buffer per connection (memory); an iterator of borrowed frames (a ~Escapable result cannot be optional and
// returned without experimental lifetime annotations); a throwing closure (the owner would have to restore our state).

/// Reads a stream of WebSocket frames (RFC 6455); a value, owned by one connection on its event loop.
public struct FrameParser: Sendable {
    /// Receives an event: its kind, and its payload, which is borrowed for the call. It must not call the parser again.
    public typealias Handler = (WebSocketMessageKind, Span<UInt8>) -> WebSocketFlow

    private enum State: Sendable {
        /// Between frames, with bytes that are not used yet: an unfinished header or control frame, or what a stop left.
        case between([UInt8])
        /// Inside the payload of a data frame.
        case payload(PartialFrame)
        /// A close frame has been handed out.
        case closed
        /// An error was thrown.
        indirect case failed(CloseReason)
    }

    /// What is left of a data frame whose header has been read.
    private struct PartialFrame: Sendable {
        /// Bytes of payload to come.
        var remaining: UInt32
        /// The key for the next byte; 0 if the frame is not masked.
        var key: UInt32
        let fin: Bool
    }

    /// How far a walk over some bytes came.
    private struct Progress {
        var used: Int
        var flow: WebSocketFlow
    }

    private var assembler: MessageAssembler
    private let role: WebSocketRole
    /// Data frames without FIN since the last `takeFragments`; in two bytes that alignment leaves.
    private var fragments: UInt16 = 0
    private var state = State.between([])

    /// Makes a parser for the start of a connection, right behind the handshake.
    ///
    /// - Parameters:
    ///   - role: Which end is reading.
    ///   - maximumMessage: The longest message accepted, all fragments together, in bytes: 0 to 4,294,967,295; what lies
    ///     outside is taken as the nearer end.
    public init(role: WebSocketRole, maximumMessage: Int) {
        self.role = role
        self.assembler = MessageAssembler(maximumMessage: maximumMessage)
    }

    /// Makes a parser for a connection that may have agreed on permessage-deflate (RFC 7692).
    ///
    /// - Parameters:
    ///   - maximumMessage: The longest message accepted, in bytes, after it is inflated.
    ///   - terms: What was agreed; nil if nothing.
    package init(role: WebSocketRole, maximumMessage: Int, terms: DeflateTerms?) {
        self.role = role
        let inflater = terms.map { terms in
            Inflater(windowBits: terms.inbound(role).windowBits, takesOver: terms.inbound(role).takesOver)
        }
        self.assembler = MessageAssembler(maximumMessage: maximumMessage, inflater: inflater)
    }

    /// The heap memory held for bytes that are not used yet, in bytes; 0 when idle.
    public var bufferCapacity: Int {
        switch state {
        case .between(let held): assembler.bufferCapacity + held.capacity
        case .payload, .closed, .failed: assembler.bufferCapacity
        }
    }

    /// How many frames have come since the last call that were not the end of a message, modulo 65,536: what a handler never
    /// sees, and a peer can send without end.
    public mutating func takeFragments() -> Int {
        defer { fragments = 0 }
        return Int(fragments)
    }

    /// Takes what was read and hands out each whole message and control frame in it, in order.
    ///
    /// O(`bytes.count`), and, after a stop, O(bytes left) for each call. No allocation if the frames lie whole in `bytes`.
    ///
    /// - Parameters:
    ///   - bytes: What was read; may be empty. Its contents are changed: payloads are unmasked in place.
    ///   - handle: Receives each event.
    /// - Returns: `.stop` if `handle` said so and bytes may be left, for which call again; `.proceed` if all are used or kept
    ///   as the beginning of a frame.
    /// - Throws: Why the connection must be closed, after the events that came before the fault: 1002, 1007 or 1009. The same
    ///   again on every later call.
    @discardableResult
    public mutating func consume(
        _ bytes: inout MutableSpan<UInt8>,
        _ handle: Handler
    ) throws(CloseReason) -> WebSocketFlow {
        switch state {
        case .failed(let reason): throw reason
        case .closed: return .proceed
        case .between, .payload: break
        }
        do throws(CloseReason) {
            let first = try consumeHeld(&bytes, handle)
            guard first.flow == .proceed, first.used < bytes.count else { return first.flow }
            let second = try walk(&bytes, from: first.used, handle)
            keep(bytes.span.extracting(second.used...))
            return second.flow
        } catch {
            assembler.reset()
            state = .failed(error)
            throw error
        }
    }

    /// The same for bytes that are reached by a pointer, as those of a NIO `ByteBuffer` are.
    ///
    /// - Parameters:
    ///   - bytes: Initialized memory that nobody else reads or writes during the call.
    ///   - handle: As above.
    @discardableResult
    public mutating func consume(
        _ bytes: UnsafeMutableRawBufferPointer,
        _ handle: Handler
    ) throws(CloseReason) -> WebSocketFlow {
        var span = MutableSpan<UInt8>(_unsafeBytes: bytes)
        return try consume(&span, handle)
    }

    /// Uses up what earlier calls left, helped by as many of `bytes` as it takes to finish a header or a control frame.
    private mutating func consumeHeld(
        _ bytes: inout MutableSpan<UInt8>,
        _ handle: Handler
    ) throws(CloseReason) -> Progress {
        guard case .between(var held) = state, !held.isEmpty else { return Progress(used: 0, flow: .proceed) }
        state = .between([])
        var taken = 0
        while true {
            var span = held.mutableSpan
            let progress = try walk(&span, from: 0, handle)
            held.removeFirst(progress.used)
            guard progress.flow == .proceed, !held.isEmpty, taken < bytes.count else {
                let takesAll = progress.flow == .stop
                keep(held.span)
                if takesAll { keep(bytes.span.extracting(taken...)) }
                return Progress(used: takesAll ? bytes.count : taken, flow: progress.flow)
            }
            let more = bytes.span.extracting(taken...).extracting(first: Self.shortfall(of: held))
            more.withUnsafeBufferPointer { held.append(contentsOf: $0) }
            taken += more.count
        }
    }

    /// How many bytes an unfinished header lacks or, if that is whole, its control frame.
    private static func shortfall(of held: [UInt8]) -> Int {
        guard held.count >= 2 else { return 2 - held.count }
        let header = FrameHeader.encodedLength(second: held[1])
        guard held.count >= header else { return header - held.count }
        return header + Int(held[1] & 0x7F) - held.count
    }

    private mutating func keep(_ bytes: Span<UInt8>) {
        guard !bytes.isEmpty, case .between(var held) = state else { return }
        state = .between([])
        bytes.withUnsafeBufferPointer { held.append(contentsOf: $0) }
        state = .between(held)
    }

    /// Reads frames from `start` on until they end or the receiver stops. What it leaves unused is an unfinished header or
    /// control frame, or what lies behind a stop.
    private mutating func walk(
        _ bytes: inout MutableSpan<UInt8>,
        from start: Int,
        _ handle: Handler
    ) throws(CloseReason) -> Progress {
        var used = start
        while true {
            switch state {
            case .between:
                guard let header = try header(at: bytes.span.extracting(used...)) else {
                    return Progress(used: used, flow: .proceed)
                }
                if header.opcode.isControl {
                    let start = used + header.encodedLength
                    guard bytes.count - start >= header.payloadLength else {
                        return Progress(used: used, flow: .proceed)
                    }
                    let payload = start..<start + header.payloadLength
                    used = payload.upperBound
                    guard try control(header, &bytes, at: payload, handle) == .proceed else {
                        return Progress(used: used, flow: .stop)
                    }
                } else {
                    try assembler.begin(header)
                    if !header.fin { fragments &+= 1 }
                    used += header.encodedLength
                    let remaining = UInt32(clamping: header.payloadLength)
                    let key = header.maskingKey ?? 0
                    state = .payload(PartialFrame(remaining: remaining, key: key, fin: header.fin))
                }
            case .payload(let frame):
                let piece = used..<min(bytes.count, used + Int(frame.remaining))
                used = piece.upperBound
                guard try payload(frame, &bytes, at: piece, handle) == .proceed else {
                    return Progress(used: used, flow: .stop)
                }
                if case .payload = state { return Progress(used: used, flow: .proceed) }
            case .closed, .failed:
                return Progress(used: bytes.count, flow: .proceed)
            }
        }
    }

    private func header(at bytes: Span<UInt8>) throws(CloseReason) -> FrameHeader? {
        try FrameHeader.parse(
            bytes,
            role: role,
            maximumPayload: assembler.maximumPayload,
            maximumDeflated: assembler.maximumDeflated
        )
    }

    /// Takes the next bytes of a data frame: all that are left of it, or all that have arrived.
    private mutating func payload(
        _ frame: PartialFrame,
        _ bytes: inout MutableSpan<UInt8>,
        at piece: Range<Int>,
        _ handle: Handler
    ) throws(CloseReason) -> WebSocketFlow {
        Unmasking.apply(&bytes, in: piece, key: frame.key)
        var rest = frame
        rest.remaining -= UInt32(piece.count)
        rest.key = Unmasking.rotate(frame.key, by: piece.count)
        state = rest.remaining == 0 ? .between([]) : .payload(rest)
        guard rest.remaining == 0, frame.fin else {
            try assembler.append(bytes.span.extracting(piece))
            return .proceed
        }
        return try assembler.finish(bytes.span.extracting(piece), handle)
    }

    /// Hands out a whole control frame.
    private mutating func control(
        _ header: FrameHeader,
        _ bytes: inout MutableSpan<UInt8>,
        at range: Range<Int>,
        _ handle: Handler
    ) throws(CloseReason) -> WebSocketFlow {
        Unmasking.apply(&bytes, in: range, key: header.maskingKey ?? 0)
        let payload = bytes.span.extracting(range)
        switch header.opcode {
        case .ping:
            return handle(.ping, payload)
        case .pong:
            return handle(.pong, payload)
        case .close:
            let reason = try WebSocketFrame.closeReason(payload)
            assembler.reset()
            state = .closed
            return handle(.close(reason), payload)
        case .continuation, .text, .binary:
            return .proceed
        }
    }
}
