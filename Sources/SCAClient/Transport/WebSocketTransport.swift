package import NIOCore
internal import NIOHTTP1
internal import SCACore

/// What is asked of a server: which mobile's session, on which terms.
struct UpgradeRequest: Sendable {
    let endpoint: Endpoint
    /// Path and query.
    let path: String
    /// For `Authorization: Bearer`.
    let token: String?
    /// Whether compression is offered.
    let offersCompression: Bool
    /// Explains a failure of the channel while the request is under way.
    let explain: @Sendable (any Error) -> ClientError

    /// Asks for any path, and for compression.
    init(endpoint: Endpoint, path: String, explain: @escaping @Sendable (any Error) -> ClientError) {
        self.endpoint = endpoint
        self.path = path
        token = nil
        offersCompression = true
        self.explain = explain
    }

    /// - Parameters:
    ///   - sendsReceipts: whether the server may count on this session's receipts.
    ///   - explain: turns what NIO reports into the caller's error.
    init(
        _ configuration: ClientConfiguration,
        sendsReceipts: Bool,
        explain: @escaping @Sendable (any Error) -> ClientError
    ) {
        endpoint = configuration.endpoint
        offersCompression = configuration.offersCompression
        self.explain = explain
        // Nothing that could be another header.
        token = configuration.token.flatMap { $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? $0 : nil }
        var query = ["presence=\(configuration.presence.rawValue)"]
        if !configuration.isVisible { query.append("visible=0") }
        if !sendsReceipts { query.append("receipts=0") }
        path = "\(endpoint.basePath)/ws/\(configuration.mobile)?" + query.joined(separator: "&")
    }
}

/// A WebSocket connection to a server, from name look-up to the upgrade.
///
///     [TLS] → HeadLimit → HTTP codec → UpgradeHandler        until the 101
///     [TLS] → WebSocketConnection                            after it
package enum WebSocketTransport {
    /// Connects and upgrades at any path, with compression if the server wants it, for those who speak something else than the chat.
    ///
    /// - Parameters:
    ///   - endpoint: To where; its base path is not used.
    ///   - path: Path and query.
    ///   - timeout: For the connection to stand.
    ///   - connection: The handler that will speak WebSocket; new for each connection, on `loop`.
    /// - Returns: When it is open, or the `ClientError` why it is not.
    package static func open(
        _ endpoint: Endpoint,
        path: String,
        timeout: Duration,
        _ connection: NIOLoopBound<WebSocketConnection>,
        on loop: any EventLoop
    ) -> EventLoopFuture<Void> {
        let dialer = Dialer(endpoint: endpoint, timeout: timeout)
        let promise = loop.makePromise(of: Dialect.self)
        let request = UpgradeRequest(endpoint: endpoint, path: path, explain: dialer.explain)
        open(dialer, request, connection, promise: promise)
        return promise.futureResult.map { _ in }
    }

    /// Connects and upgrades.
    ///
    /// - Parameters:
    ///   - dialer: to where.
    ///   - connection: the handler that will speak WebSocket; new for each connection.
    ///   - promise: the dialect that the server selected, or the `ClientError` why there is none. Completed on the loop.
    static func open(
        _ dialer: Dialer,
        _ request: UpgradeRequest,
        _ connection: NIOLoopBound<WebSocketConnection>,
        promise: EventLoopPromise<Dialect>
    ) {
        let loop = promise.futureResult.eventLoop
        let attempt = loop.makePromise(of: Dialect.self)
        attempt.futureResult.flatMapError { dialer.diagnose($0, on: loop) }.cascade(to: promise)
        // Not in the channel's initializer: of several addresses, several channels may be dialed, and one is taken.
        dialer.dial(on: loop).whenComplete { result in
            do {
                try addHandlers(to: result.get(), request, connection.value, attempt)
            } catch {
                attempt.fail(error)
            }
        }
    }

    /// Installs what makes the upgrade, on a channel that is connected. On its event loop.
    static func addHandlers(
        to channel: any Channel,
        _ request: UpgradeRequest,
        _ connection: WebSocketConnection,
        _ promise: EventLoopPromise<Dialect>
    ) throws {
        let limit = HeadLimit()
        let encoder = HTTPRequestEncoder()
        let decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
        let upgrade = UpgradeHandler(
            request,
            codec: [encoder, decoder],
            limit: limit,
            connection: connection,
            promise: promise
        )
        try channel.pipeline.syncOperations.addHandlers([limit, encoder, decoder, upgrade])
        // Last: if the connection was dropped in the meantime, this closes the channel, and the upgrade must hear of it.
        connection.attach(channel)
    }
}
