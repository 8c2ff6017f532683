internal import NIOCore
package import SCACore

/// What a connection reads into: the chat's `FrameReader`, or the echo of the conformance tests. All on the event loop.
package protocol WebSocketReader: AnyObject {
    /// Notes a text or binary message; its payload is borrowed for the call.
    func received(_ kind: WebSocketMessageKind, _ payload: Span<UInt8>)

    /// Ends a read: hands on what was received, which is nothing if only control frames came.
    func deliver(from connection: WebSocketConnection)

    /// The connection is over; the last call, and the only one of its kind.
    func lost(_ connection: WebSocketConnection, _ error: ClientError)
}

/// What a server said, or that it was not the protocol.
enum Incoming: Hashable, Sendable {
    case frame(ServerFrame)
    case bad(String)
}

/// Makes frames of the protocol of what a connection reads, and hands over what one read brought in one piece.
final class FrameReader: WebSocketReader {
    private let owner: WebSocketConnection.Owner
    private let decoder: FrameDecoder
    private var arrived: [Incoming] = []

    init(_ owner: WebSocketConnection.Owner) {
        self.owner = owner
        let limit = WebSocketConnection.maximumMessage
        decoder = FrameDecoder(limits: WireLimits(textBytes: limit, frameBytes: limit))
    }

    func received(_ kind: WebSocketMessageKind, _ payload: Span<UInt8>) {
        arrived.append(kind == .text ? decode(payload) : .bad("a binary message; every frame is text"))
    }

    func deliver(from connection: WebSocketConnection) {
        let batch = arrived
        arrived = []
        owner.received(connection, batch)
    }

    func lost(_ connection: WebSocketConnection, _ error: ClientError) {
        owner.lost(connection, error)
    }

    private func decode(_ payload: Span<UInt8>) -> Incoming {
        do throws(WireError) {
            return .frame(try decoder.serverFrame(payload))
        } catch {
            return .bad(error.message)
        }
    }
}
