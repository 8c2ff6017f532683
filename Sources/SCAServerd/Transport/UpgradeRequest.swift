internal import NIOHTTP1
internal import SCACore

/// What an HTTP request asks of the server: read from its head alone, pure.
enum UpgradeRequest: Sendable {
    /// `GET /health`, or `HEAD` without a body.
    case health(hasBody: Bool)
    /// `GET /ws/{mobile}` with a proper upgrade, and its key.
    case session(SessionTerms, HTTPRequestHead, key: String)
    /// `POST /login/code` or `/login/token`; what is asked is in the body.
    case login(LoginStep)
    /// Anything else.
    case refused(HTTPResponseStatus, WireError)

    init(_ head: HTTPRequestHead) {
        let (path, query) = head.uri[...].halves(at: "?")
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
            head.headers.lists("websocket", in: "Upgrade"), head.headers.lists("upgrade", in: "Connection")
        else {
            return .refused(.upgradeRequired, WireError(.invalidFrame, "connect here with a WebSocket client"))
        }
        guard let key = ProtocolSwitch.key(of: head) else {
            return .refused(
                .badRequest,
                WireError(.invalidFrame, "the upgrade needs Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key")
            )
        }
        var terms = SessionTerms(mobile: mobile)
        let offered = head.headers.list("Sec-WebSocket-Protocol")
        terms.namesBase = offered.contains { $0 == Dialect.baseSubprotocol }
        if offered.contains(where: { $0 == Dialect.subprotocol }) {
            terms.dialect = .v2
            terms.sendsReceipts = true
            if let problem = terms.read(query) {
                return .refused(.badRequest, WireError(.invalidFrame, problem))
            }
        }
        return .session(terms, head, key: key)
    }
}

extension HTTPHeaders {
    /// The elements of a header that is a list, without the blanks around them.
    fileprivate func list(_ name: String) -> [Substring] {
        self[name].flatMap { value in
            value.utf8.split(separator: UInt8(ascii: ",")).map { element in
                let end = element.lastIndex { !Self.isBlank($0) }.map { element.index(after: $0) }
                return Substring(element.prefix(upTo: end ?? element.startIndex).drop(while: Self.isBlank))
            }
        }
    }

    /// Whether a list of words in which case does not count has this one.
    fileprivate func lists(_ word: String, in name: String) -> Bool {
        list(name).contains { element in
            element.utf8.count == word.utf8.count && element.lowercased() == word
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}

extension SessionTerms {
    /// Reads the query of an `sca.v2` upgrade; unknown names are ignored.
    ///
    /// - Returns: what is wrong with it; nil if nothing is.
    fileprivate mutating func read(_ query: Substring) -> String? {
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let (name, value) = Substring(pair).halves(at: "=")
            switch (name, value) {
            case ("visible", "1"), ("receipts", "1"), ("presence", "all"): break
            case ("visible", "0"): isVisible = false
            case ("receipts", "0"): sendsReceipts = false
            case ("presence", "none"): wantsAllPresence = false
            case ("visible", _), ("receipts", _): return "\(name) must be 0 or 1"
            case ("presence", _): return "presence must be all or none"
            default: break
            }
        }
        if !isVisible { sendsReceipts = false }
        return nil
    }
}

extension Substring {
    /// What comes before and behind the first of this character; nothing behind if there is none.
    fileprivate func halves(at separator: Unicode.Scalar) -> (Substring, Substring) {
        guard let index = utf8.firstIndex(of: UInt8(ascii: separator)) else { return (self, "") }
        return (self[..<index], self[utf8.index(after: index)...])
    }
}
