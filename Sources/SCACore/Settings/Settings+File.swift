internal import FoundationEssentials
internal import Glibc

/// The settings on disk.
///
/// Saving writes a new file beside the old one, syncs it and renames it into place: whoever reads sees the old
/// settings or the new ones, also after a crash. A symbolic link is followed, not replaced: people keep their
/// settings in a repository and link to it. There is no lock; of two logins at once the later one stays.
extension Settings {
    /// Reads the settings.
    ///
    /// - Parameter path: the file, `SettingsPaths.configFile`.
    /// - Returns: empty settings if the file is not there or has nothing in it.
    /// - Throws: `SettingsError` `.unreadable`, `.malformed` (not JSON, a wrong type, over 1 MiB) or `.invalidValue`.
    public static func load(from path: String) throws(SettingsError) -> Settings {
        let bytes = try bytes(of: path)
        guard !bytes.isEmpty else { return Settings() }
        do {
            return try JSONDecoder().decode(Settings.self, from: Data(bytes))
        } catch DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty {
            throw SettingsError(
                code: .invalidValue,
                message: "in \(path), \(context.debugDescription)",
                hint: "correct it there, or remove the file and log in again"
            )
        } catch DecodingError.typeMismatch(_, let context) {
            let key = context.codingPath.last?.stringValue
            throw malformed(path, key.map { "\"\($0)\" is not text" } ?? "it is not a JSON object")
        } catch {
            throw malformed(path, "it is not JSON")
        }
    }

    /// What is in the file; nothing if it is not there.
    static func bytes(of path: String) throws(SettingsError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(SystemError) {
            let file = try OpenFile(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard try file.status().isRegularFile else { throw SystemError(call: "open", number: EISDIR) }
            bytes = try file.read(largest + 1, at: 0)
        } catch {
            if error.number == ENOENT { return [] }
            throw SettingsError(
                code: .unreadable,
                message: "cannot read \(path): \(error.number == EISDIR ? "it is not a regular file" : error.reason)",
                hint: "make it a file that you may read (chmod u+r), or remove it and log in again"
            )
        }
        guard bytes.count <= largest else { throw malformed(path, "it is over \(largest) bytes long") }
        return bytes
    }

    /// Writes the settings, durably and all or nothing: the file 0600, folders that are missing 0700.
    ///
    /// - Parameter path: the file, `SettingsPaths.configFile`.
    /// - Throws: `SettingsError` `.unwritable`; then the old file is as it was.
    public func save(to path: String) throws(SettingsError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { throw Self.unwritable(path, "not representable as JSON") }
        do throws(SystemError) { try PrivateFile.replace(path, with: Array(data) + [0x0A]) } catch {
            throw Self.unwritable(path, error.reason)
        }
    }

    /// Forgets who the user is and which server they talk to: the logout. Other settings stay; a file that has none is removed.
    ///
    /// - Parameter path: the file, `SettingsPaths.configFile`; nothing happens if it is not there.
    /// - Returns: what was set before.
    /// - Throws: `SettingsError`, as `load` and `save` do.
    @discardableResult
    public static func remove(at path: String) throws(SettingsError) -> Settings {
        let old = try load(from: path)
        let kept = Settings(output: old.output)
        if kept != Settings() {
            try kept.save(to: path)
        } else if unlink(path) != 0, errno != ENOENT {
            throw unwritable(path, SystemError(call: "unlink", number: errno).reason)
        }
        return old
    }

    /// How much is read, in bytes.
    private static let largest = 1 << 20

    private static func malformed(_ path: String, _ found: String) -> SettingsError {
        SettingsError(
            code: .malformed,
            message: "cannot use \(path): \(found)",
            hint: "write {\"mobile\":\"…\",\"server\":\"ws://…\"} there, or remove the file and log in again"
        )
    }

    private static func unwritable(_ path: String, _ reason: String) -> SettingsError {
        SettingsError(
            code: .unwritable,
            message: "cannot write \(path): \(reason); nothing was changed",
            hint: "see that its folder is yours to write and its disk has room, or set XDG_CONFIG_HOME to another"
        )
    }
}
