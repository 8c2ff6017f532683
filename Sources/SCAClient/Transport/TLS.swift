internal import Glibc
internal import NIOCore
internal import NIOSSL

/// The client's side of TLS: made for `wss` only, since reading the system's roots takes a while.
struct TLS: Sendable {
    private let context: NIOSSLContext

    /// Reads the roots.
    ///
    /// - Parameter caFile: what is trusted in place of the system's roots, if anything.
    init(caFile: String?) throws(ClientError) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let caFile { configuration.trustRoots = .certificates(try Self.authorities(in: caFile)) }
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

    private static func authorities(in path: String) throws(ClientError) -> [NIOSSLCertificate] {
        var status = stat()
        let found: String
        if stat(path, &status) != 0 || access(path, R_OK) != 0 {
            found = errno == ENOENT ? "does not exist" : "cannot be read: \(Dialer.words(errno))"
        } else if status.st_mode & S_IFMT != S_IFREG {
            found = "is not a regular file"
        } else if let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty {
            return certificates
        } else {
            found = "has no certificate in PEM (-----BEGIN CERTIFICATE-----)"
        }
        throw ClientError(
            .badConfiguration,
            "the CA file \(path) \(found)",
            hint: "name one with --ca-file, or log in again without it to trust the system's authorities"
        )
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
        if detail.contains("EOF during handshake") || detail.contains("eofDuringHandshake") {
            return ClientError(
                .tlsFailed,
                "what answers at \(endpoint) hung up while TLS was being set up",
                hint: "check the address, and whether it is ws:// or wss://"
            )
        }
        return ClientError(
            .tlsFailed,
            "no secure connection to \(endpoint) (\(detail))",
            hint: "check that the server offers TLS 1.2 or later"
        )
    }

    /// A server that was spoken to in the clear wants TLS.
    static func expected(_ endpoint: Endpoint) -> ClientError {
        var secure = endpoint
        secure.scheme = .wss
        return ClientError(.tlsFailed, "what answers at \(endpoint) wants TLS", hint: "try \(secure)")
    }

    /// What is said before, or without, a look at the certificate itself.
    static func untrustedMessage(_ endpoint: Endpoint) -> String {
        "the certificate of \(endpoint) is not trusted"
    }

    private static func untrusted(_ endpoint: Endpoint) -> ClientError {
        ClientError(
            .tlsFailed,
            Self.untrustedMessage(endpoint),
            hint: "if you know its authority, name a file with it: --ca-file FILE"
        )
    }
}
