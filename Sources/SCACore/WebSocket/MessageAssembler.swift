// Fragments to messages (RFC 6455, section 5.4). A message is one text or binary frame and any number of continuations, the
// last of them with FIN; control frames may stand between fragments and do not come here.
//
// How it works: `begin` judges a data frame by its header alone (may it come now, does the message stay within the limit),
// `append` takes the payload in whatever pieces it arrives, `finish` takes the last piece and hands the message out. A
// message that arrives in one piece is never copied: `finish` hands out the very bytes it was given. Otherwise memory
// follows the bytes that have arrived, never a length that was only claimed.
//
// A compressed message (RFC 7692) is inflated as it arrives, into the same buffer and under the same limit.
//
// Text is checked as it arrives, so a bad byte fails the connection at once (section 8.1).
//
//   impossible (our bug)   payload outside a message; refused with 1002 rather than trusted
//   hostile (the peer's)   continuation without a start, a start inside a message, over the limit, not UTF-8
//   harmless               empty fragments, characters cut between fragments
//
// After an error the assembler is not to be used again; `FrameParser` sees to that.

/// Puts the fragments of messages together. 24 bytes large, and no heap memory between messages.
public struct MessageAssembler: Sendable {
    /// Where in a message we are.
    private enum Phase: Sendable {
        case between
        case text(UTF8Check)
        case binary
    }

    private var bytes: [UInt8] = []
    private let inflater: Inflater?
    private let limit: UInt32
    private var phase = Phase.between
    /// Whether the message that is under way is compressed.
    private var isDeflated = false

    /// Makes an assembler without a message.
    ///
    /// - Parameter maximumMessage: The longest message accepted, all fragments together, in bytes: 0 to 4,294,967,295; what
    ///   lies outside is taken as the nearer end.
    public init(maximumMessage: Int) {
        self.init(maximumMessage: maximumMessage, inflater: nil)
    }

    /// The same, with what undoes compression if that was agreed.
    init(maximumMessage: Int, inflater: Inflater?) {
        self.limit = UInt32(clamping: maximumMessage)
        self.inflater = inflater
    }

    /// The longest message accepted, in bytes.
    public var maximumMessage: Int { Int(limit) }

    /// The longest payload of the next frame that does not begin a compressed message, in bytes.
    var maximumPayload: Int { isDeflated ? maximumDeflated ?? maximumMessage : maximumMessage }

    /// The longest payload of a frame of a compressed message, in bytes: what cannot be compressed grows a little, by an eighth
    /// with the smallest of zlib's buffers. Nil if no compression was agreed.
    var maximumDeflated: Int? { inflater.map { _ in maximumMessage + maximumMessage / 4 + 64 } }

    /// The heap memory held for a message that is under way, in bytes; 0 between messages.
    public var bufferCapacity: Int { bytes.capacity }

    /// Judges the next data frame by its header; a control frame changes nothing.
    ///
    /// - Throws: 1002 for a continuation without a message and for a new message inside another; 1009 if the message would
    ///   be over the limit with this frame.
    public mutating func begin(_ header: FrameHeader) throws(CloseReason) {
        switch header.opcode {
        case .continuation:
            if case .between = phase { throw .protocolError("a continuation without a message to continue") }
        case .text:
            try checkBetween()
            phase = .text(UTF8Check())
            isDeflated = header.isDeflated
        case .binary:
            try checkBetween()
            phase = .binary
            isDeflated = header.isDeflated
        case .close, .ping, .pong:
            return
        }
        if !isDeflated { try checkRoom(for: header.payloadLength) }
    }

    /// Takes a piece of the frame that has begun, unmasked, and keeps a copy. Amortized O(`piece.count`).
    ///
    /// - Throws: 1007 at the first byte that text cannot have here; 1009 over the limit.
    public mutating func append(_ piece: Span<UInt8>) throws(CloseReason) {
        if isDeflated { return try inflate(piece) }
        try checkRoom(for: piece.count)
        _ = try check(piece)
        piece.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    /// Takes the last piece of the last frame of a message, unmasked, and hands the message out.
    ///
    /// - Parameters:
    ///   - piece: The piece; may be empty. If it is the only one, it is handed out itself, without a copy.
    ///   - handle: Called once with `.text` or `.binary` and the message.
    /// - Returns: What `handle` returned.
    /// - Throws: 1007 for text that is not UTF-8 or ends inside a character; 1009 over the limit.
    public mutating func finish(
        _ piece: Span<UInt8>,
        _ handle: (WebSocketMessageKind, Span<UInt8>) -> WebSocketFlow
    ) throws(CloseReason) -> WebSocketFlow {
        guard !isDeflated else {
            try inflate(piece, isLast: true)
            isDeflated = false
            // All of the message is in the buffer, and checked.
            return try finish(Span(), handle)
        }
        try checkRoom(for: piece.count)
        let kind = try check(piece)
        if case .text(let check) = phase, !check.isComplete { throw Self.notUTF8 }
        phase = .between
        guard !bytes.isEmpty else { return handle(kind, piece) }
        piece.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        let message = bytes
        bytes = []
        return handle(kind, message.span)
    }

    /// Forgets the message that is under way and frees its memory.
    public mutating func reset() {
        bytes = []
        phase = .between
        isDeflated = false
        inflater?.reset()
    }

    /// Inflates a piece behind what is there, and checks what it grew to.
    private mutating func inflate(_ piece: Span<UInt8>, isLast: Bool = false) throws(CloseReason) {
        guard let inflater else { throw .protocolError("compressed payload, but no compression was agreed") }
        let start = bytes.count
        var failure: CloseReason?
        do throws(CloseReason) {
            try inflater.inflate(piece, to: &bytes, limit: Int(limit))
            if isLast { try inflater.endMessage(to: &bytes, limit: Int(limit)) }
        } catch {
            failure = error
        }
        // A second reference, no copy: a span of a stored property would borrow all of this value.
        let inflated = bytes
        // A bad byte in front of the failure comes first: had it come in a piece of its own, it would have been the error.
        _ = try check(inflated.span.extracting(start...))
        if let failure { throw failure }
    }

    /// One sentence for a bad byte and for a missing one, so that the error is the same however the bytes were cut.
    private static let notUTF8 = CloseReason.invalidData("a text message is not UTF-8")

    private func checkBetween() throws(CloseReason) {
        guard case .between = phase else { throw .protocolError("a new message before the last one ended") }
    }

    private func checkRoom(for count: Int) throws(CloseReason) {
        guard count <= Int(limit) - bytes.count else { throw .tooBig(limit: Int(limit)) }
    }

    private mutating func check(_ piece: Span<UInt8>) throws(CloseReason) -> WebSocketMessageKind {
        switch phase {
        case .between:
            throw .protocolError("payload outside a message")
        case .text(var check):
            guard check.update(piece) else { throw Self.notUTF8 }
            phase = .text(check)
            return .text
        case .binary:
            return .binary
        }
    }
}
