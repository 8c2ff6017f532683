internal import SCACore

/// Why a connection could not be made, was lost, or cannot do what was asked: for the caller, in sentences for a person.
public struct ClientError: Error, Hashable, Sendable {
    /// The kinds of failure, by the name they have in rows and in `--output json`.
    public enum Code: String, CaseIterable, Hashable, Sendable {
        /// What was asked makes no sense: a bad address, a call in the wrong state.
        case usage
        /// No server answers there, or the name is not known.
        case unreachable
        /// The server did not answer in time.
        case timeout
        /// What was set up for connecting cannot be used, such as the file of trusted authorities.
        case badConfiguration = "bad_configuration"
        /// No secure connection: certificate or TLS.
        case tlsFailed = "tls_failed"
        /// An HTTP server answered, and refused the WebSocket.
        case handshakeFailed = "handshake_failed"
        /// Not admitted; trying again does not help.
        case unauthorized
        /// What answered is not an SCA server.
        case invalidServer = "invalid_server"
        /// The connection ended without anyone closing it.
        case connectionLost = "connection_lost"
        /// The server, or we, broke the protocol.
        case protocolError = "protocol_error"
        /// The server is going away; another try may reach its successor.
        case draining
        /// Too many connections, or too slow a reader.
        case rateLimited = "rate_limited"
        /// A frame was over the limit.
        case tooLarge = "too_large"
        /// `close()` came first.
        case closed
    }

    /// What kind of failure.
    public let code: Code
    /// What was found and what was expected, without a final full stop.
    public let message: String
    /// What to do about it, if there is something.
    public let hint: String?
    /// How long the server asked to be left alone; nil if it did not say.
    public let retryAfter: Duration?

    /// Makes an error from its kind and sentences.
    public init(_ code: Code, _ message: String, hint: String? = nil, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.retryAfter = retryAfter
    }

    /// What to do if one is not admitted, by whoever does not know whom it is about.
    static let loginHint = "scactl login MOBILE"

    /// The same about this mobile, where it says how to log in.
    func naming(_ mobile: Mobile) -> ClientError {
        guard hint == Self.loginHint else { return self }
        return ClientError(code, message, hint: "scactl login \(mobile)", retryAfter: retryAfter)
    }

    /// Whether the same attempt may well succeed a little later; if not, a client does not reconnect.
    public var isTemporary: Bool {
        switch code {
        case .unreachable, .timeout, .connectionLost, .draining, .rateLimited: true
        case .usage, .badConfiguration, .tlsFailed, .handshakeFailed, .unauthorized, .invalidServer, .protocolError,
            .tooLarge, .closed:
            false
        }
    }
}

extension ClientError: CustomStringConvertible {
    /// The sentence and, in brackets, the hint.
    public var description: String {
        hint.map { "\(message) (\($0))" } ?? message
    }
}
