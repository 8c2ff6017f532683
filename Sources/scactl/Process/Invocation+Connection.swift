internal import SCAClient
internal import SCACore
internal import Synchronization

/// A connection that stands, for as long as a command needs it.
struct Visit: Sendable {
    let connection: any ChatConnection
    let info: ServerInfo
    /// Says whether the connection was closed because time ran out.
    let expiry: Expiry
}

/// Whether time ran out, and what for.
final class Expiry: Sendable {
    private let reached = Mutex<CommandFailure?>(nil)

    /// Set when time ran out; the connection is closed right after.
    var failure: CommandFailure? { reached.withLock { $0 } }

    func expire(_ failure: CommandFailure) {
        reached.withLock { $0 = $0 ?? failure }
    }
}

extension Invocation {
    /// How long connecting may take unless `--timeout` says otherwise; also the default of `--timeout` for commands that
    /// ask one thing.
    static let patience = Duration.seconds(10)

    func configuration(isVisible: Bool, presence: PresenceInterest = .none) throws(CommandFailure)
        -> ClientConfiguration
    {
        let mobile = try mobile()
        var configuration = ClientConfiguration(endpoint: endpoint, mobile: mobile)
        configuration.token = try token(of: mobile)
        configuration.caFile = caFile
        configuration.isVisible = isVisible
        configuration.presence = presence
        return configuration
    }

    /// For a session that others see and that lasts: a lost connection comes back, the first one must stand at once.
    func lastingConfiguration(presence: Bool) throws(CommandFailure) -> ClientConfiguration {
        var configuration = try configuration(isVisible: true, presence: presence ? .all : .none)
        configuration.connectTimeout = min(timeout ?? Self.patience, Self.patience)
        configuration.reconnect = .standard
        return configuration
    }

    /// Connects, does something, and closes.
    ///
    /// When the process is told to stop, the connection is closed with a second's grace: answers that are due come in,
    /// then the events end, and `body` with them.
    ///
    /// - Parameters:
    ///   - timeout: for connecting and `body` together; nil for no limit.
    ///   - retryFor: for how long a server that cannot be reached now is tried again; nil for one try.
    ///   - body: gets the connection; it need not close it.
    /// - Throws: `CommandFailure`: status 69 or 77 if no connection can be made; 124 if time ran out afterwards.
    func withConnection<Value: Sendable>(
        _ configuration: ClientConfiguration,
        store: (any MessageStore)?,
        timeout: Duration?,
        retryFor: Duration? = nil,
        _ body: (Visit) async throws -> Value
    ) async throws -> Value {
        let expiry = Expiry()
        let (time, stop) = (context.time, context.stop)
        await console.detail("connecting to \(endpoint) as \(configuration.mobile)")
        let start = time.uptime()
        let (connection, info) = try await connect(configuration, store: store, retryFor: retryFor)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            // Only now: until here there is nothing to finish, and the process may end at once.
            let stops = stop.requests()
            group.addTask {
                for await _ in stops {}
                if stop.isRequested { await connection.close(grace: .seconds(1)) }
            }
            await console.detail(
                "connected: \(info.server ?? "a server that does not say its name"), \(info.dialect.rawValue)"
            )
            if let timeout {
                let rest = timeout - (time.uptime() - start)
                group.addTask {
                    guard (try? await time.sleep(rest)) != nil else { return }
                    expiry.expire(.timedOut("time ran out: \(timeout.shortText)", hint: "a longer --timeout"))
                    await connection.close(grace: .zero)
                }
            }
            do {
                let value = try await body(Visit(connection: connection, info: info, expiry: expiry))
                await connection.close(grace: .zero)
                return value
            } catch {
                await connection.close(grace: .zero)
                if let failure = expiry.failure { throw failure }
                let isOurDoing = stop.isRequested && (error as? ClientError)?.code == .closed
                throw isOurDoing ? CommandFailure.stopped : error
            }
        }
    }

    /// A server tells everyone it refuses the same; what our token says of itself nobody need keep from us.
    private func failure(connecting error: ClientError, with configuration: ClientConfiguration) -> CommandFailure {
        var failure = CommandFailure(connecting: error, within: timeout)
        if error.code == .unauthorized, let token = configuration.token {
            let fault = TokenContent(of: token)?.fault(for: configuration.mobile, context.time)
            failure.message += "; the token that was shown \(fault ?? "was refused")"
        }
        return failure
    }

    /// Makes a connection. A client connects once, so each try has its own.
    private func connect(
        _ configuration: ClientConfiguration,
        store: (any MessageStore)?,
        retryFor: Duration?
    ) async throws(CommandFailure) -> (any ChatConnection, ServerInfo) {
        let time = context.time
        let start = time.uptime()
        var random = SystemRandomNumberGenerator()
        var attempt = 0
        while true {
            let connection = context.network.connection(configuration, store: store)
            do throws(ClientError) { return (connection, try await connection.connect()) } catch {
                attempt += 1
                let delay = ReconnectPolicy.standard.delay(
                    attempt: attempt,
                    retryAfter: error.retryAfter,
                    using: &random
                )
                guard let retryFor, error.isTemporary, time.uptime() - start + delay < retryFor else {
                    throw failure(connecting: error, with: configuration)
                }
                if attempt == 1 { await console.remark("\(error.message); trying again for \(retryFor.shortText)") }
                try? await time.sleep(delay)
            }
        }
    }
}
