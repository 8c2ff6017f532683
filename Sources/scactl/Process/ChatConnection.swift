internal import SCAClient
internal import SCACore

/// What commands ask of a connection: `ChatClient`, or a scripted one in a test. The documentation is there.
protocol ChatConnection: Sendable {
    func connect() async throws(ClientError) -> ServerInfo
    func nextEvents() async -> [ClientEvent]?
    func submit(_ messages: [Outgoing]) async throws(ClientError)
    func onlineUsers(timeout: Duration?) async throws(ClientError) -> [Mobile]
    func watch(_ mobiles: [Mobile]) async throws(ClientError) -> [Mobile: Bool]
    func close(grace: Duration) async
}

extension ChatClient: ChatConnection {}

/// The way to a server: the network, or a test.
protocol ServerAccess: Sendable {
    func connection(_ configuration: ClientConfiguration, store: (any MessageStore)?) -> any ChatConnection
    func health(of endpoint: Endpoint, caFile: String?, timeout: Duration) async throws(ClientError) -> HealthReport
    func requestCode(
        for mobile: Mobile,
        at endpoint: Endpoint,
        caFile: String?,
        timeout: Duration
    ) async throws(ClientError) -> CodeLogin.Offer?
    func token(
        for mobile: Mobile,
        code: String,
        at endpoint: Endpoint,
        caFile: String?,
        timeout: Duration
    ) async throws(ClientError) -> String
}

/// The real way.
struct NetworkAccess: ServerAccess {
    func connection(_ configuration: ClientConfiguration, store: (any MessageStore)?) -> any ChatConnection {
        ChatClient(configuration: configuration, store: store)
    }

    func health(of endpoint: Endpoint, caFile: String?, timeout: Duration) async throws(ClientError) -> HealthReport {
        try await HealthCheck.run(endpoint, caFile: caFile, timeout: timeout)
    }

    func requestCode(
        for mobile: Mobile,
        at endpoint: Endpoint,
        caFile: String?,
        timeout: Duration
    ) async throws(ClientError) -> CodeLogin.Offer? {
        try await CodeLogin.requestCode(for: mobile, at: endpoint, caFile: caFile, timeout: timeout)
    }

    func token(
        for mobile: Mobile,
        code: String,
        at endpoint: Endpoint,
        caFile: String?,
        timeout: Duration
    ) async throws(ClientError) -> String {
        try await CodeLogin.token(for: mobile, code: code, at: endpoint, caFile: caFile, timeout: timeout)
    }
}
