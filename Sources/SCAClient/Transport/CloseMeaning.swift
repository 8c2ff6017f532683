internal import SCACore

extension WebSocketConnection {
    /// What the server's close frame means to the caller.
    static func error(_ reason: CloseReason, _ endpoint: Endpoint) -> ClientError {
        let said = reason.reason.isEmpty ? "" : ": \(shown(reason.reason))"
        let closed = "\(endpoint) closed the connection (\(reason.code)\(said))"
        switch reason.code {
        case 1001, 1012:
            return ClientError(.draining, "\(endpoint) is going away (\(reason.code)\(said))", hint: "connect again")
        case 1002, 1003, 1007, 1010:
            return ClientError(.protocolError, "\(closed): it found fault with what was sent")
        case 1008:
            return ClientError(
                .unauthorized,
                "\(endpoint) does not admit this mobile (\(reason.code)\(said))",
                hint: ClientError.loginHint
            )
        case 1009:
            return ClientError(.tooLarge, "\(closed): a frame was over its limit", hint: "send shorter messages")
        case 1013:
            return ClientError(
                .rateLimited,
                "\(endpoint) is overloaded, or this client reads too slowly (\(reason.code)\(said))",
                hint: "try again later"
            )
        case 1005: return ClientError(.connectionLost, "\(endpoint) closed the connection without saying why")
        default: return ClientError(.connectionLost, closed)
        }
    }

    private static func shown(_ sentence: String) -> String {
        String(sentence.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    }
}
