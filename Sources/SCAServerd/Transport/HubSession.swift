internal import Logging
internal import SCACore

/// One session of the chat between its WebSocket and the hub, owned by its event loop: events to hub inputs.
final class HubSession: WebSocketSession {
    /// So many bytes are counted at once, so that a burst of small messages costs the hub nothing more.
    private static let countedBytes = 4_096

    private let loop: HubLoop
    private let decoder: FrameDecoder
    private let id: SessionID
    /// Bytes read, less those of messages; below zero if a message was counted in part before it ended, or was compressed.
    private var uncounted = 0

    private init(loop: HubLoop, limits: WireLimits, id: SessionID) {
        self.loop = loop
        self.id = id
        decoder = FrameDecoder(limits: limits)
    }

    /// Tells the hub of a session; called once, when the socket is in its pipeline and the 101 is written.
    static func open(_ terms: SessionTerms, on socket: ServerWebSocket, loop: HubLoop, limits: WireLimits) {
        // The name comes first: the first write may find the client gone, and `closed` needs the name.
        let id = loop.register(socket)
        socket.open(HubSession(loop: loop, limits: limits, id: id))
        loop.open(id, terms)
    }

    var isStopping: Bool { loop.isStopping }

    func received(_ kind: WebSocketMessageKind, _ payload: Span<UInt8>) {
        uncounted -= payload.count
        loop.note(input(kind, payload))
    }

    func act(_ socket: ServerWebSocket, bytes: Int, fragments: Int) {
        uncounted += bytes
        // What comes behind a frame that closes the session finds it gone in the hub.
        loop.takeArrived()
        if socket.isOpen { countRest(fragments) }
    }

    func settle() {
        loop.settleRead()
    }

    func left() {
        loop.take(.disconnected(id))
    }

    func flushed(bytes: Int, presence: Bool) {
        loop.flushed(id, bytes: bytes, presence: presence)
    }

    func closed() {
        loop.closed(id)
    }

    func failed(_ error: any Error) {
        loop.log.logger.debug("connection error", metadata: [LogKey.error: "\(error)"])
    }

    /// Counts what is no message, headers and pieces and empty fragments, so that they are not for nothing.
    private func countRest(_ fragments: Int) {
        guard fragments > 0 || uncounted >= Self.countedBytes else { return }
        loop.take(.read(id, bytes: max(0, uncounted), fragments: fragments))
        uncounted = min(0, uncounted)
    }

    private func input(_ kind: WebSocketMessageKind, _ payload: Span<UInt8>) -> Hub.Input {
        switch kind {
        case .text:
            do throws(WireError) {
                return .frame(id, try decoder.clientFrame(payload), bytes: payload.count)
            } catch {
                return .badFrame(id, error, bytes: payload.count)
            }
        case .binary:
            return .badFrame(
                id,
                WireError(.invalidFrame, "a frame must be a text message, this one is binary"),
                bytes: payload.count
            )
        case .ping: return .ping(id, payload.withUnsafeBufferPointer { Array($0) })
        case .pong: return .pong(id)
        case .close: return .disconnected(id)
        }
    }
}
