internal import Glibc
internal import NIOCore
internal import NIOSSL

/// The client's side of TLS: made for `wss` only, since reading the system's roots takes a while.
struct TLS: Sendable {
    private let context: NIOSSLContext

    /// Reads the roots.
    init(_ trustRoots: NIOSSLTrustRoots) throws(ClientError) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = trustRoots
        configuration.applicationProtocols = ["http/1.1"]
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw ClientError(
                .tlsFailed,
                "TLS could not be prepared (\(error))",
                hint: "install the system's root certificates (ca-certificates)"
            )
        }
    }

    /// A handler that trusts nothing, shows the server's own certificate, and fails: for diagnosis.
    func inspector(
        _ host: String,
        seen: @escaping @Sendable (NIOSSLCertificate?) -> Void
    ) throws -> NIOSSLClientHandler {
        let callback: NIOSSLCustomVerificationCallback = { chain, verdict in
            seen(chain.first)
            verdict.succeed(.failed)
        }
        return try NIOSSLClientHandler(
            context: context,
            serverHostname: Self.name(host),
            customVerificationCallback: callback
        )
    }

    /// A handler that verifies the certificate for this host: by its name, which is also sent (SNI), or by its address.
    func handler(_ host: String) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: context, serverHostname: Self.name(host))
    }

    /// The name for SNI; nil for an address, which has no place there.
    private static func name(_ host: String) -> String? {
        (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
    }

    /// What an error of TLS means; nil for any other.
    static func explain(_ error: any Error, _ endpoint: Endpoint) -> ClientError? {
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return ClientError(
                .tlsFailed,
                "the certificate of \(endpoint) is for another host than \(endpoint.host)",
                hint: "name the server as its certificate does"
            )
        case NIOSSLError.handshakeFailed(let cause):
            return handshakeFailed("\(cause)", endpoint)
        case NIOSSLError.uncleanShutdown:
            return ClientError(.connectionLost, "the connection to \(endpoint) was cut")
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            return handshakeFailed("\(error)", endpoint)
        default:
            return nil
        }
    }

    private static func handshakeFailed(_ detail: String, _ endpoint: Endpoint) -> ClientError {
        if detail.contains("CERTIFICATE_VERIFY_FAILED") { return untrusted(endpoint) }
        if detail.contains("WRONG_VERSION_NUMBER") || detail.contains("HTTP_REQUEST") {
            return ClientError(
                .tlsFailed,
                "what answers at \(endpoint) does not speak TLS",
                hint: "try ws:// instead of wss://, if the network between is trusted"
            )
        }
        return ClientError(
            .tlsFailed,
            "no secure connection to \(endpoint) (\(detail))",
            hint: "check that the server offers TLS 1.2 or later"
        )
    }

    /// What is said before, or without, a look at the certificate itself.
    static func untrustedMessage(_ endpoint: Endpoint) -> String {
        "the certificate of \(endpoint) is not trusted"
    }

    private static func untrusted(_ endpoint: Endpoint) -> ClientError {
        ClientError(
            .tlsFailed,
            Self.untrustedMessage(endpoint),
            hint: "add its authority to this system's certificates"
        )
    }
}
