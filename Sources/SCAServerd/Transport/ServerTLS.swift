internal import FoundationEssentials
internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// The server's side of TLS: one context for all connections, replaced when its files are read again.
///
/// Who is connected keeps the context they came by, so a reload ends nobody. TLS 1.2 and 1.3, the ciphers that NIOSSL
/// (BoringSSL) thinks right, no client certificates.
final class ServerTLS: Sendable {
    /// How long the end of TLS is waited for when a connection is closed; as long as a session lingers.
    private static let shutdownTimeout = TimeAmount.seconds(2)

    private let files: TLSFiles
    private let current: Mutex<Certified>

    /// A context and the certificate in it.
    private struct Certified {
        let context: NIOSSLContext
        let validity: Validity
    }

    /// When a certificate is valid, in seconds since 1970 UTC.
    struct Validity: Hashable, Sendable {
        let start: Int
        let end: Int

        /// What is wrong with it at a moment; nil if clients will take it.
        func problem(at now: Int) -> String? {
            if end < now { return "it expired at \(Self.text(end)); clients will refuse it" }
            if start > now { return "it is not valid until \(Self.text(start)); clients will refuse it" }
            return nil
        }

        /// Until when, as ISO 8601.
        var expiry: String { Self.text(end) }

        private static func text(_ seconds: Int) -> String {
            Date(timeIntervalSince1970: Double(seconds)).formatted(Date.ISO8601FormatStyle())
        }
    }

    /// Reads the files.
    ///
    /// - Throws: `ServerError` (`badCertificate`) if they cannot be served with.
    init(_ files: TLSFiles) throws(ServerError) {
        self.files = files
        current = Mutex(try Self.read(files))
    }

    /// The validity of the certificate that new connections get.
    var validity: Validity { current.withLock { $0.validity } }

    /// Reads the files again; new connections get what they hold now.
    ///
    /// - Throws: `ServerError` (`badCertificate`); then all stays as it was.
    func reload() throws(ServerError) {
        let new = try Self.read(files)
        current.withLock { $0 = new }
    }

    /// What does TLS on a new connection.
    func makeHandler() -> NIOSSLServerHandler {
        NIOSSLServerHandler(context: current.withLock { $0.context })
    }

    private static func read(_ files: TLSFiles) throws(ServerError) -> Certified {
        let pair = try KeyPair(files)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: pair.chain.map { .certificate($0) },
            privateKey: .privateKey(pair.key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = shutdownTimeout
        do {
            let context = try NIOSSLContext(configuration: configuration)
            let validity = Validity(start: pair.chain[0].notValidBefore, end: pair.chain[0].notValidAfter)
            return Certified(context: context, validity: validity)
        } catch NIOSSLError.failedToLoadPrivateKey {
            // It is a key and was read, so it is another one.
            throw ServerError(
                code: .badCertificate,
                message: "the key in \(files.key) of --tls-key is not that of the first certificate in "
                    + "\(files.certificate) of --tls-cert"
            )
        } catch {
            throw ServerError(
                code: .badCertificate,
                message: "TLS cannot be served with \(files.certificate) of --tls-cert: \(error)"
            )
        }
    }
}
