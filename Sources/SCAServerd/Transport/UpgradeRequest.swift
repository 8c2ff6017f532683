internal import NIOHTTP1
internal import SCACore

/// What an HTTP request asks of the server: read from its head alone, pure.
enum UpgradeRequest: Sendable {
    /// `GET /health`, or `HEAD` without a body.
    case health(hasBody: Bool)
    /// `GET /ws/{mobile}` with a proper upgrade.
    case session(SessionTerms, HTTPRequestHead)
    /// `POST /login/code` or `/login/token`; what is asked is in the body.
    case login(LoginStep)
    /// Anything else.
    case refused(HTTPResponseStatus, WireError)

    init(_ head: HTTPRequestHead) {
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.first ?? ""
        let query = parts.count > 1 ? parts[1] : ""
        if path == "/health" {
            self =
                head.method == .GET || head.method == .HEAD
                ? .health(hasBody: head.method == .GET)
                : .refused(.methodNotAllowed, WireError(.invalidFrame, "/health is read with GET"))
        } else if path.hasPrefix("/ws/") {
            self = Self.session(path.dropFirst(4), query, head)
        } else if path.hasPrefix("/login/"), let step = LoginStep(rawValue: String(path.dropFirst(7))) {
            self =
                head.method == .POST
                ? .login(step) : .refused(.methodNotAllowed, WireError(.invalidFrame, "\(path) is asked with POST"))
        } else {
            self = .refused(.notFound, WireError(.invalidFrame, "nothing is here; try /ws/{mobile} or /health"))
        }
    }

    private static func session(
        _ name: Substring,
        _ query: Substring,
        _ head: HTTPRequestHead
    ) -> UpgradeRequest {
        guard let mobile = Mobile(name) else {
            return .refused(.badRequest, WireError(.invalidMobile, "a mobile is 10 to 32 digits: /ws/9876543210"))
        }
        guard head.method == .GET, head.version == .http1_1,
            head.headers[canonicalForm: "upgrade"].contains(where: { $0.lowercased() == "websocket" }),
            head.headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "upgrade" })
        else {
            return .refused(.upgradeRequired, WireError(.invalidFrame, "connect here with a WebSocket client"))
        }
        guard head.headers["Sec-WebSocket-Version"] == ["13"], head.headers["Sec-WebSocket-Key"].count == 1,
            let key = head.headers.first(name: "Sec-WebSocket-Key"), key.utf8.count == 24, key.hasSuffix("==")
        else {
            return .refused(
                .badRequest,
                WireError(.invalidFrame, "the upgrade needs Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key")
            )
        }
        var terms = SessionTerms(mobile: mobile)
        let offered = head.headers[canonicalForm: "sec-websocket-protocol"]
        terms.namesBase = offered.contains { $0 == Dialect.baseSubprotocol }
        if offered.contains(where: { $0 == Dialect.subprotocol }) {
            terms.dialect = .v2
            terms.sendsReceipts = true
            if let problem = terms.read(query) {
                return .refused(.badRequest, WireError(.invalidFrame, problem))
            }
        }
        return .session(terms, head)
    }
}

extension SessionTerms {
    /// Reads the query of an `sca.v2` upgrade; unknown names are ignored.
    ///
    /// - Returns: what is wrong with it; nil if nothing is.
    fileprivate mutating func read(_ query: Substring) -> String? {
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1] : ""
            switch (parts[0], value) {
            case ("visible", "1"), ("receipts", "1"), ("presence", "all"): break
            case ("visible", "0"): isVisible = false
            case ("receipts", "0"): sendsReceipts = false
            case ("presence", "none"): wantsAllPresence = false
            case ("visible", _), ("receipts", _): return "\(parts[0]) must be 0 or 1"
            case ("presence", _): return "presence must be all or none"
            default: break
            }
        }
        if !isVisible { sendsReceipts = false }
        return nil
    }
}
