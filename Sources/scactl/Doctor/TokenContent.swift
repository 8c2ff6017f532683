internal import FoundationEssentials
internal import SCACore

/// What a token says of itself. It is read and not verified: only the server can, and only the server need.
struct TokenContent: Hashable, Sendable {
    /// Whom it admits; nil if it does not say.
    let subject: String?
    /// When it ends, in seconds since 1970 UTC; nil if it does not say, or names a year that is none.
    let end: Int64?

    /// To the end of the year 9999, and as far back.
    private static let times = -253_402_300_799.0...253_402_300_799.0

    /// - Parameter token: a JWT in its compact form (RFC 7519, RFC 7515), or any other word.
    /// - Returns: nil if there is nothing to be read.
    init?(of token: String) {
        struct Claims: Decodable {
            var sub: String?
            var exp: Double?
        }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        // base64url without padding (RFC 4648, section 5) in the other alphabet.
        var text = String(parts[1].map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        text += String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: text), let claims = try? JSONDecoder().decode(Claims.self, from: data)
        else { return nil }
        subject = claims.sub
        end = claims.exp.flatMap { Self.times.contains($0) ? Int64($0.rounded(.down)) : nil }
    }

    /// Why it can admit nobody, as far as it says itself; what follows "the token".
    ///
    /// - Parameter mobile: whom it is shown for.
    func fault(for mobile: Mobile, _ time: TimeSource) -> String? {
        if let subject, subject != mobile.description {
            return "is for \(TextSanitizer.sanitized(subject, .oneLine)), not for \(mobile)"
        }
        guard let end, end <= time.now() / 1_000 else { return nil }
        let (then, now) = (time.zone.localTime(at: end * 1_000), time.zone.localTime(at: time.now()))
        return then.date == now.date ? "ended today at \(then.time)" : "ended on \(then.date)"
    }
}
