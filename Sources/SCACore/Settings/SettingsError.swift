/// Why the settings could not be found, read or written: what was found, and what to do about it.
public struct SettingsError: Error, Sendable, Hashable {
    /// The kinds of failure, for programs.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// No folder to keep settings in: the environment names neither `HOME` nor the XDG folders.
        case noHome = "no_home"
        /// The file is there and cannot be read.
        case unreadable
        /// The file is not JSON, or a value in it has the wrong type.
        case malformed
        /// The file is JSON, and a value in it cannot be used; or a variable that names a folder cannot.
        case invalidValue = "invalid_value"
        /// The file holds a secret, and others can read it.
        case exposed
        /// The file cannot be written or removed.
        case unwritable
    }

    /// The kind of failure.
    public let code: Code

    /// What was found and where: a sentence without its full stop.
    public let message: String

    /// What to do: a sentence without its full stop.
    public let hint: String

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: the kind of failure.
    ///   - message: what was found and where, without a full stop.
    ///   - hint: what to do, without a full stop.
    public init(code: Code, message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}

extension SettingsError: CustomStringConvertible {
    /// The message and the hint as two sentences.
    public var description: String { "\(message). \(hint)." }
}
