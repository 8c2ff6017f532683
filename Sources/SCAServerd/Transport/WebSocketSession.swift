package import SCACore

/// What speaks through a `ServerWebSocket`: a session of the chat, or the echo of the conformance tests.
///
/// All of it is called on the socket's event loop. Input comes in two steps, so that what acts never runs while the read
/// buffer is borrowed.
package protocol WebSocketSession: AnyObject {
    /// Whether the event loop is about to end, so that nothing may be scheduled on it any more.
    var isStopping: Bool { get }

    /// Notes a message, ping or pong; its payload is borrowed for the call. Close frames are the socket's own affair.
    func received(_ kind: WebSocketMessageKind, _ payload: Span<UInt8>)

    /// Acts on what was received, in order, as long as the socket is open.
    ///
    /// - Parameters:
    ///   - bytes: What was read, headers included.
    ///   - fragments: How many fragments were in it that ended no message.
    func act(_ socket: ServerWebSocket, bytes: Int, fragments: Int)

    /// Ends a read, of which there may have been several buffers.
    func settle()

    /// The peer has said goodbye or broke the protocol, and our close frame is queued: nothing more comes from it.
    func left()

    /// The kernel has taken so many bytes of frames, as the outbox counts them, and perhaps all presence that was queued.
    func flushed(bytes: Int, presence: Bool)

    /// The channel is gone; the last call.
    func closed()

    /// Something is wrong with the connection, which will be closed.
    func failed(_ error: any Error)
}
