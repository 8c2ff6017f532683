/// Why a server could not start.
public struct ServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds.
    public enum Code: String, Sendable {
        /// The configuration cannot be served with.
        case badConfiguration = "bad_configuration"
        /// The address could not be listened on.
        case cannotListen = "cannot_listen"
        /// The certificate or its key cannot be used.
        case badCertificate = "bad_certificate"
    }

    /// What kind.
    public let code: Code
    /// A sentence: what was found and what to do.
    public let message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// The sentence.
    public var description: String { message }
}
