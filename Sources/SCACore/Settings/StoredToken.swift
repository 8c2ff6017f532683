internal import FoundationEssentials
internal import Glibc

/// The token that a login has left for one mobile, and the server that it is for: nobody else is ever shown it.
///
/// One file a mobile, 0600, in the state folder: a secret has no place among settings, which people keep in repositories.
///
///     {"server":"wss://chat.example.org","token":"eyJ…"}
public struct StoredToken: Codable, Hashable, Sendable {
    /// The server's address, in its canonical spelling.
    public var server: String
    /// The token, as it goes over the wire.
    public var token: String

    /// The longest token that is taken, in bytes.
    public static let longest = 8_192

    /// Makes a token to be stored.
    public init(server: String, token: String) {
        self.server = server
        self.token = token
    }

    /// Reads a mobile's token.
    ///
    /// - Parameter path: the file, `SettingsPaths.token(of:)`.
    /// - Returns: nil if there is none.
    /// - Throws: `SettingsError` `.exposed` if others could read it, `.unreadable`, `.malformed`.
    public static func load(from path: String) throws(SettingsError) -> StoredToken? {
        guard let bytes = try bytes(of: path, missing: nil) else { return nil }
        if let stored = try? JSONDecoder().decode(StoredToken.self, from: Data(bytes)), isToken(stored.token) {
            return stored
        }
        throw SettingsError(
            code: .malformed,
            message: "cannot use \(path): it holds no token",
            hint: "remove the file and log in again"
        )
    }

    /// Writes it, durably and all or nothing.
    ///
    /// - Throws: `SettingsError` `.unwritable`.
    public func save(to path: String) throws(SettingsError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            try PrivateFile.replace(path, with: Array(encoder.encode(self)) + [0x0A])
        } catch {
            throw SettingsError(
                code: .unwritable,
                message: "cannot write \(path): \((error as? SystemError)?.reason ?? "\(error)")",
                hint: "see that its folder is yours to write and its disk has room, or set XDG_STATE_HOME to another"
            )
        }
    }

    /// Forgets it.
    ///
    /// - Returns: whether there was one.
    /// - Throws: `SettingsError` `.unwritable`.
    @discardableResult
    public static func remove(at path: String) throws(SettingsError) -> Bool {
        if unlink(path) == 0 { return true }
        let number = errno
        if number == ENOENT || number == ENOTDIR { return false }
        throw SettingsError(
            code: .unwritable,
            message: "cannot remove \(path): \(SystemError(call: "unlink", number: number).reason)",
            hint: "remove it by hand: it admits whoever has it"
        )
    }

    /// Whose tokens are kept, sorted; nobody's if the folder cannot be read.
    public static func mobiles(in paths: SettingsPaths) -> [Mobile] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: paths.tokenFolder)) ?? []
        return names.filter { $0.hasSuffix(".json") }.compactMap { Mobile($0.dropLast(".json".count)) }.sorted()
    }

    /// Reads a token, or a code for one, that somebody was given: a file with nothing else in it, or a pipe.
    ///
    /// - Parameters:
    ///   - path: of the file; `-` is stdin.
    ///   - kind: what it is, for the sentences.
    /// - Returns: nil if that is not what it holds.
    /// - Throws: `SettingsError` `.exposed` if it is a file that others than its owner can read, or `.unreadable`.
    public static func readGiven(_ path: String, as kind: String = "token") throws(SettingsError) -> String? {
        let bytes = try bytes(of: path, as: kind, missing: "name the file that the \(kind) is in, or - for stdin")
        return bytes.flatMap { token(in: $0) }
    }

    /// The token among these bytes, without blanks and line ends around it; nil if there is something else.
    public static func token(in bytes: [UInt8]) -> String? {
        guard bytes.count <= longest + 256 else { return nil }
        let words = bytes.split { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let word = words.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        return words.count == 1 && isToken(word) ? word : nil
    }

    /// Whether it can stand in a header: visible ASCII.
    private static func isToken(_ text: String) -> Bool {
        (1...longest).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// - Parameter hint: what to do if there is no such file; nil if that is no error.
    private static func bytes(
        of path: String,
        as kind: String = "token",
        missing hint: String?
    ) throws(SettingsError) -> [UInt8]? {
        do throws(SystemError) {
            let file = try OpenFile(path, flags: O_RDONLY | O_NOCTTY)
            let status = try file.status()
            guard !status.isRegularFile || status.st_mode & 0o077 == 0 else {
                throw SystemError(call: "mode", number: 0)
            }
            return try file.readToEnd(atMost: longest * 2)
        } catch {
            if error.number == 0 {
                throw SettingsError(
                    code: .exposed,
                    message: "others can read the \(kind) in \(path)",
                    hint: "chmod 600 \(path); if somebody may have read it, ask for a new one"
                )
            }
            if error.number == ENOENT || error.number == ENOTDIR, hint == nil { return nil }
            throw SettingsError(
                code: .unreadable,
                message: "cannot read \(path): \(error.reason)",
                hint: hint ?? "make it a file that you may read (chmod 600), or remove it and log in again"
            )
        }
    }
}
