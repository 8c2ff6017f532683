internal import FoundationEssentials
internal import NIOHTTP1
public import SCACore

/// Login by code: has a code sent to a mobile, and gets a token for it. `docs/protocol.md` has the two requests.
public enum CodeLogin {
    /// What a server says once it has taken a request for a code. Not that a code will come: that, nobody is told.
    public struct Offer: Hashable, Sendable, Decodable {
        /// How long the code can be used, in seconds.
        public var expiresSeconds: Int
        /// How often it can be typed wrong.
        public var tries: Int

        private enum CodingKeys: String, CodingKey {
            case expiresSeconds = "expires_s"
            case tries
        }

        /// Makes an offer.
        public init(expiresSeconds: Int, tries: Int) {
            self.expiresSeconds = expiresSeconds
            self.tries = tries
        }
    }

    private struct Grant: Decodable {
        var token: String
    }

    /// Asks for a code.
    ///
    /// - Parameters:
    ///   - mobile: to whom it is sent, if the server knows it.
    ///   - endpoint: the server.
    ///   - caFile: the authorities whose certificates are trusted, in PEM; nil: the system's.
    ///   - timeout: for everything together.
    /// - Returns: nil if this server has no login by code.
    /// - Throws: `rate_limited` if there were too many requests; else as `HealthCheck.run` does.
    public static func requestCode(
        for mobile: Mobile,
        at endpoint: Endpoint,
        caFile: String? = nil,
        timeout: Duration
    ) async throws(ClientError) -> Offer? {
        let dialer = Dialer(endpoint: endpoint, timeout: timeout, caFile: caFile)
        let body = #"{"mobile":"\#(mobile)"}"#
        let answer = try await HTTPExchange(dialer, .POST, "/login/code", body: body).run()
        if [404, 405, 501].contains(answer.status) { return nil }
        guard (200..<300).contains(answer.status) else { throw refused(answer, endpoint).naming(mobile) }
        if let offer = try? JSONDecoder().decode(Offer.self, from: Data(answer.body)) { return offer }
        throw ClientError(.protocolError, "\(endpoint) took the request for a code and answered something else")
    }

    /// Gets a token for a code.
    ///
    /// - Parameters:
    ///   - mobile: whom the token will admit.
    ///   - code: as it was typed; what is no digit is left out.
    ///   - endpoint: the server.
    ///   - caFile: the authorities whose certificates are trusted, in PEM; nil: the system's.
    ///   - timeout: for everything together.
    /// - Throws: `unauthorized` if the code is not right, or not any more; else as `requestCode` does.
    public static func token(
        for mobile: Mobile,
        code: String,
        at endpoint: Endpoint,
        caFile: String? = nil,
        timeout: Duration
    ) async throws(ClientError) -> String {
        let dialer = Dialer(endpoint: endpoint, timeout: timeout, caFile: caFile)
        let digits = String(code.unicodeScalars.filter { ("0"..."9").contains($0) }.prefix(32).map(Character.init))
        let body = #"{"mobile":"\#(mobile)","code":"\#(digits)"}"#
        let answer = try await HTTPExchange(dialer, .POST, "/login/token", body: body).run()
        if answer.status == 401 {
            throw ClientError(
                .unauthorized,
                "this code is not right, or not any more",
                hint: "for a new code: scactl login \(mobile)"
            )
        }
        guard answer.status == 200 else { throw refused(answer, endpoint).naming(mobile) }
        if let grant = try? JSONDecoder().decode(Grant.self, from: Data(answer.body)) { return grant.token }
        throw ClientError(.protocolError, "\(endpoint) took the code and gave no token")
    }

    private static func refused(_ answer: HTTPExchange.Answer, _ endpoint: Endpoint) -> ClientError {
        if answer.status == 429 {
            return ClientError(
                .rateLimited,
                "\(endpoint) has had too many logins from here, or of this mobile",
                hint: "try again later; an hour at most"
            )
        }
        return HTTPRefusal.error(status: answer.status, body: answer.body, endpoint: endpoint)
    }
}
