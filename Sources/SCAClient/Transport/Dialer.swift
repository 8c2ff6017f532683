internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import SCACore

/// Makes the TCP connection, and TLS over it for `wss`, and says in a sentence why it could not.
///
/// A host that is an address is dialed without a resolver, which saves a thread at start-up. TLS verifies the certificate
/// against the system's roots, or the CA file instead, and the host's name; there is no way to switch that off.
struct Dialer: Sendable {
    var endpoint: Endpoint
    let timeout: Duration
    /// The file of the authorities whose certificates are trusted; nil: the system's.
    var caFile: String?

    /// Connects. To be called on `loop`: whoever waits for the channel must not be late.
    ///
    /// - Returns: a channel that speaks TLS if it must; its other handlers are to be added as soon as this is complete,
    ///   and are told of a TLS handshake that fails. A failure of this is always a `ClientError`.
    func dial(on loop: any EventLoop) -> EventLoopFuture<any Channel> {
        do throws(ClientError) {
            let tls = endpoint.isSecure ? try TLS(caFile: caFile) : nil
            return connect(on: loop, tls).flatMapErrorThrowing { throw explain($0) }
        } catch {
            return loop.makeFailedFuture(error)
        }
    }

    private func connect(on loop: any EventLoop, _ tls: TLS?) -> EventLoopFuture<any Channel> {
        let host = endpoint.host
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(timeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(tls.handler(host)) }
                }
            }
        if let address = try? SocketAddress(ipAddress: host, port: endpoint.port) {
            return bootstrap.connect(to: address)
        }
        return bootstrap.connect(host: host, port: endpoint.port)
    }

    /// Turns what NIO reports into the caller's error.
    func explain(_ error: any Error) -> ClientError {
        switch error {
        case let error as ClientError: return error
        case let error as NIOConnectionError:
            if let failure = error.connectionErrors.last { return explain(failure.error) }
            return error.dnsAError == nil && error.dnsAAAAError == nil ? timedOut() : nameNotFound()
        case is HeadLimit.FoundTLS: return TLS.expected(endpoint)
        case let error as IOError: return unreachable(Self.words(error.errnoCode))
        case ChannelError.connectTimeout: return timedOut()
        default:
            if endpoint.isSecure, let error = TLS.explain(error, endpoint) { return error }
            return ClientError(.connectionLost, "the connection to \(endpoint) ended before it stood (\(error))")
        }
    }

    private func nameNotFound() -> ClientError {
        ClientError(
            .unreachable,
            "no address is known for the name \(endpoint.host) of \(endpoint)",
            hint: "check its spelling and this machine's name service, or name another server with --server"
        )
    }

    private func unreachable(_ reason: String) -> ClientError {
        let isLocal = endpoint.host == "localhost" || endpoint.host == "::1" || endpoint.host.hasPrefix("127.")
        return ClientError(
            .unreachable,
            "no server answers at \(endpoint) (\(reason))",
            hint: isLocal
                ? "start one with: scad, or name another with --server"
                : "check the address and that the server runs, or name another with --server"
        )
    }

    private func timedOut() -> ClientError {
        ClientError(
            .timeout,
            "no server answers at \(endpoint) (no connection within \(timeout.shortText))",
            hint: "check the address and the network, or name another server with --server"
        )
    }

    static func words(_ number: CInt) -> String {
        switch number {
        case ECONNREFUSED: "connection refused"
        case ENETUNREACH: "the network cannot be reached"
        case EHOSTUNREACH: "the host cannot be reached"
        case ETIMEDOUT: "the connection timed out"
        case ECONNRESET: "the connection was reset"
        default: String(cString: strerror(number)).lowercased()
        }
    }
}
