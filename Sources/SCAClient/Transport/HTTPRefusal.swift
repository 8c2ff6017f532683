internal import FoundationEssentials
internal import NIOHTTP1
internal import SCACore

/// What an HTTP answer means that is not the upgrade that was asked for.
enum HTTPRefusal {
    /// The body that SCA servers send with a refusal.
    private struct Body: Decodable {
        struct Reason: Decodable {
            let code: String
            let message: String
        }

        let error: Reason
    }

    /// The longest body that is read, in bytes.
    static let maximumBody = 8_192

    /// Reads `Retry-After` (RFC 9110, section 10.2.3), which servers send with 429 and 503. A date is not understood, since it
    /// would be measured by two clocks; nil then, and if there is none.
    static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        guard let text = headers.first(name: "Retry-After"), (1...9).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int(text).map { .seconds($0) }
    }

    /// Explains a refusal in the server's own sentence, if its body has one.
    ///
    /// - Parameters:
    ///   - status: the HTTP status.
    ///   - body: the body, cut at `maximumBody`.
    ///   - retryAfter: how long the server asks to be left alone, if it does.
    static func error(
        status: Int,
        body: [UInt8],
        retryAfter: Duration? = nil,
        endpoint: Endpoint
    ) -> ClientError {
        if wantsTLS(status: status, body: body, endpoint) { return TLS.expected(endpoint) }
        let said = (try? JSONDecoder().decode(Body.self, from: Data(body)))?.error
        let sentence = said.map { shown($0.message) }
        switch status {
        case 400 where said?.code == WireError.Code.invalidMobile.rawValue:
            return ClientError(
                .usage,
                "\(endpoint) refused this mobile: \(sentence ?? "")",
                hint: "check its digits; some servers take fewer than 32"
            )
        case 400:
            return ClientError(.protocolError, found("refused the request", sentence, status, endpoint))
        case 401, 403:
            return ClientError(
                .unauthorized,
                found("did not admit this mobile", sentence, status, endpoint),
                hint: ClientError.loginHint
            )
        case 404, 426, 200..<300:
            return ClientError(
                .invalidServer,
                found("is not an SCA server", sentence, status, endpoint),
                hint: "check the address and its path; SCA servers answer below it at /ws/MOBILE"
            )
        case 429:
            return ClientError(
                .rateLimited,
                found("refuses for now", sentence, status, endpoint),
                hint: "try again \(moment(retryAfter) ?? "later")",
                retryAfter: retryAfter
            )
        case 503 where said?.code == WireError.Code.rateLimited.rawValue:
            return ClientError(
                .rateLimited,
                found("is overloaded", sentence, status, endpoint),
                hint: "try again \(moment(retryAfter) ?? "later")",
                retryAfter: retryAfter
            )
        case 503:
            return ClientError(
                .draining,
                found("is not taking connections now", sentence, status, endpoint),
                hint: "try again \(moment(retryAfter) ?? "in a moment")",
                retryAfter: retryAfter
            )
        case 500..<600:
            return ClientError(.unreachable, found("failed", sentence, status, endpoint), hint: "try again later")
        default:
            return ClientError(.handshakeFailed, found("refused the WebSocket", sentence, status, endpoint))
        }
    }

    /// Whether a server that was spoken to in the clear says that it wants TLS: scad, nginx, Apache and Go's servers all
    /// answer with 400 and name HTTPS.
    static func wantsTLS(status: Int, body: [UInt8], _ endpoint: Endpoint) -> Bool {
        !endpoint.isSecure && status == 400 && String(decoding: body, as: UTF8.self).contains("HTTPS")
    }

    private static func moment(_ retryAfter: Duration?) -> String? {
        retryAfter.map { "in \($0.shortText)" }
    }

    private static func found(_ what: String, _ sentence: String?, _ status: Int, _ endpoint: Endpoint) -> String {
        "\(endpoint) \(what): \(sentence ?? "expected HTTP 101, found HTTP \(status)")"
    }

    private static func shown(_ sentence: String) -> String {
        String(
            sentence.unicodeScalars.prefix(300).map { $0.properties.generalCategory == .control ? "?" : Character($0) }
        )
    }
}
