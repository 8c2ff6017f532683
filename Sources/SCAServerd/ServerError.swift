/// Why a server could not start.
public struct ServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds.
    public enum Code: String, CaseIterable, Sendable {
        /// The configuration cannot be served with.
        case badConfiguration = "bad_configuration"
        /// The address could not be listened on.
        case cannotListen = "cannot_listen"
        /// The certificate or its key cannot be used.
        case badCertificate = "bad_certificate"
        /// A file with keys for tokens cannot be used, or not be made.
        case badKeyFile = "bad_key_file"
    }

    /// What kind.
    public let code: Code
    /// A sentence: what was found and what was expected.
    public let message: String
    /// What to type or do about it; nil if the sentence says it.
    public let hint: String?

    package init(code: Code, message: String, hint: String? = nil) {
        (self.code, self.message, self.hint) = (code, message, hint)
    }

    /// The sentence and, in brackets, what to do.
    public var description: String { hint.map { "\(message) (\($0))" } ?? message }
}
