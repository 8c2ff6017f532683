internal import Glibc
internal import NIOSSL

/// Where a server's certificate and its key are.
public struct TLSFiles: Hashable, Sendable {
    /// A file with the server's certificate and those between it and its authority, in PEM, the server's first.
    public var certificate: String
    /// A file with the certificate's private key, in PEM, without a passphrase. Others may not read it.
    public var key: String

    /// Names the two files; nothing is read yet.
    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// What the two files hold. Errors name the option that the file was given by, as `ServerError` with `badCertificate`.
struct KeyPair {
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey

    /// Reads both files.
    init(_ files: TLSFiles) throws(ServerError) {
        let certificate = try PEMFile(files.certificate, option: "--tls-cert")
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(certificate.bytes), !chain.isEmpty else {
            throw certificate.error("has no certificate in PEM (-----BEGIN CERTIFICATE-----)")
        }
        let key = try PEMFile(files.key, option: "--tls-key")
        // Its group may: that is how a service which is not root is let read it.
        guard key.mode & 0o007 == 0 else {
            let mode = String(key.mode & 0o777, radix: 8)
            throw key.error("is open to everybody on this machine (mode \(mode))", hint: "chmod o= \(files.key)")
        }
        // An empty passphrase: nobody is there to be asked for one.
        let privateKey = try? NIOSSLPrivateKey(bytes: key.bytes, format: .pem, passphraseCallback: { $0([UInt8]()) })
        guard let privateKey else {
            throw key.error("has no private key in PEM (-----BEGIN PRIVATE KEY-----), or one with a passphrase")
        }
        self.chain = chain
        self.key = privateKey
    }
}

/// A file of PEM text that an option names.
struct PEMFile {
    private static let largest = 1 << 20

    let bytes: [UInt8]
    /// Its type and who may do what, as `stat` tells.
    let mode: mode_t
    private let path: String
    private let option: String

    init(_ path: String, option: String) throws(ServerError) {
        (self.path, self.option) = (path, option)
        // Not blocking: it may be a pipe that nobody writes to.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            let reason = errno == ENOENT ? "does not exist" : "cannot be read: \(Self.words(errno))"
            throw Self.error(path, option, reason)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Self.error(path, option, "is not a regular file")
        }
        var bytes = [UInt8](repeating: 0, count: Self.largest + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes[count...].withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if got == 0 { break }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw Self.error(path, option, "cannot be read: \(Self.words(errno))") }
            count += got
        }
        guard count <= Self.largest else { throw Self.error(path, option, "is over \(Self.largest) bytes long") }
        self.bytes = Array(bytes[..<count])
        mode = status.st_mode
    }

    /// A sentence about this file, and what to do if the usual will not help.
    func error(_ found: String, hint: String? = nil) -> ServerError {
        Self.error(path, option, found, hint: hint)
    }

    private static func error(_ path: String, _ option: String, _ found: String, hint: String? = nil) -> ServerError {
        ServerError(code: .badCertificate, message: "the file \(path) of \(option) \(found)", hint: hint)
    }

    private static func words(_ number: CInt) -> String {
        String(cString: strerror(number)).lowercased()
    }
}
