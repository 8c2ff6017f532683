// What comes out of a `FrameParser`. On the hot path an event is a kind and a borrowed payload, handed to a closure: nothing
// is copied and nothing can outlive the read buffer that it lies in. `WebSocketEvent` is the same, owned, for those that
// want to keep it: tests, simulations, the client's slower paths.

/// What was received: a whole message or a control frame.
public enum WebSocketMessageKind: Equatable, Sendable {
    /// A text message; its payload is valid UTF-8.
    case text
    /// A binary message.
    case binary
    /// A ping, at most 125 bytes; answer with a pong that has the same payload.
    case ping
    /// A pong, at most 125 bytes.
    case pong
    /// A close frame, already parsed (1005 if it had no code); its payload is the one received. Nothing follows it.
    case close(CloseReason)
}

/// What the receiver of an event asks the parser to do next.
public enum WebSocketFlow: Equatable, Sendable {
    /// Go on with the next event.
    case proceed
    /// Hand out nothing more now; keep the bytes that are left for the next call.
    case stop
}

/// An event that owns its payload.
public enum WebSocketEvent: Equatable, Sendable {
    /// A text message, valid UTF-8.
    case text([UInt8])
    /// A binary message.
    case binary([UInt8])
    /// A ping, at most 125 bytes.
    case ping([UInt8])
    /// A pong, at most 125 bytes.
    case pong([UInt8])
    /// A close frame; 1005 if it had no code.
    case close(CloseReason)

    /// Copies an event as a `FrameParser` hands it out. O(`payload.count`), one allocation.
    public init(_ kind: WebSocketMessageKind, _ payload: Span<UInt8>) {
        let bytes = payload.withUnsafeBufferPointer { Array($0) }
        self =
            switch kind {
            case .text: .text(bytes)
            case .binary: .binary(bytes)
            case .ping: .ping(bytes)
            case .pong: .pong(bytes)
            case .close(let reason): .close(reason)
            }
    }
}
