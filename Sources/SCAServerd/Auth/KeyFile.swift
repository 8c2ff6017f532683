internal import FoundationEssentials
internal import Glibc
internal import JWTKit

/// Keys on disk: JSON Web Keys (RFC 7517), the public ones in sets, a private one alone in a file that only its owner can read.
enum KeyFile {
    /// The longest file that is read, in bytes.
    private static let largest = 1 << 20

    /// Reads a set of public keys.
    static func readSet(_ path: String) throws(ServerError) -> JWKS {
        let bytes = try read(path, isSecret: false)
        if let set = try? JSONDecoder().decode(JWKS.self, from: bytes) { return set }
        // What keygen has made has its public part beside it.
        if (try? JSONDecoder().decode(JWK.self, from: bytes)) != nil || access(path + ".pub", R_OK) == 0 {
            throw unusable(
                path,
                "it is not a JWK set of public keys",
                hint: "--token-key \(path).pub, if that is meant"
            )
        }
        throw unusable(path, "it is not a JWK set, {\"keys\":[…]}; scad token keygen makes one")
    }

    /// Reads a private key.
    static func readPrivate(_ path: String) throws(ServerError) -> JWK {
        let bytes = try read(path, isSecret: true)
        if let key = try? JSONDecoder().decode(JWK.self, from: bytes) { return key }
        throw unusable(path, "it is not a private key as scad token keygen makes one")
    }

    /// Writes a new file, durably.
    ///
    /// - Parameter mode: who may read it.
    /// - Throws: `ServerError` if it is there already, or cannot be written.
    static func write(_ value: some Encodable, to path: String, mode: mode_t) throws(ServerError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { throw unusable(path, "its keys cannot be written as JSON") }
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard file >= 0 else {
            throw unusable(path, errno == EEXIST ? "it is there already, and is not overwritten" : reason(errno))
        }
        defer { close(file) }
        let bytes = Array(data) + [0x0A]
        let isWritten = fchmod(file, mode) == 0 && Glibc.write(file, bytes, bytes.count) == bytes.count
        guard isWritten, fsync(file) == 0 else {
            let number = errno
            unlink(path)
            throw unusable(path, reason(number))
        }
    }

    private static func read(_ path: String, isSecret: Bool) throws(ServerError) -> Data {
        let file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard file >= 0 else { throw unusable(path, reason(errno)) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw unusable(path, "it is not a regular file")
        }
        guard !isSecret || isForOwnerOnly(status, path) else {
            throw unusable(path, "others than its owner can read it; chmod 600 it, or make a new key")
        }
        guard status.st_size <= largest else { throw unusable(path, "it is over \(largest) bytes long") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count >= 0 else { throw unusable(path, reason(errno)) }
        return Data(bytes.prefix(count))
    }

    /// A service manager lets the user of a service read its credentials by an access control list, which shows as what the group may
    /// do (systemd.exec(5), CREDENTIALS); their folder is nobody else's.
    private static func isForOwnerOnly(_ status: stat, _ path: String) -> Bool {
        let others: mode_t = isCredential(path) ? 0o007 : 0o077
        return status.st_mode & others == 0
    }

    private static func isCredential(_ path: String) -> Bool {
        let folder = getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) } ?? ""
        return !folder.isEmpty && path.hasPrefix(folder + "/") && !path.split(separator: "/").contains("..")
    }

    static func unusable(
        _ path: String,
        _ found: String,
        hint: String = "scad token keygen --key NEW-FILE, or name another"
    ) -> ServerError {
        ServerError(code: .badKeyFile, message: "cannot use the key file \(path): \(found)", hint: hint)
    }

    private static func reason(_ number: Int32) -> String {
        String(cString: strerror(number)).lowercased()
    }
}
