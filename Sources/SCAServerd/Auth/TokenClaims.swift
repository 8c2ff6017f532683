internal import JWTKit
internal import SCACore

/// What a token says (RFC 7519, section 4.1). Times are seconds since 1970 UTC.
///
///     {"sub":"9876543210","aud":"sca","iat":1795363670,"exp":1797955670}
///
/// There is no `iss`: whose token it is, its key says. There is no `jti`: the server remembers no token, so it could not take
/// one back; who must be shut out before their token ends is shut out by rolling the key.
struct TokenClaims: JWTPayload {
    /// The mobile that it admits, and no other.
    var sub: String
    /// What it is for: the server's audience must be among it.
    var aud: AudienceClaim
    /// When it was made.
    var iat: Double
    /// When it ends; there is no token without an end.
    var exp: Double
    /// When it begins, if not at once.
    var nbf: Double?

    /// How far the clocks of the signer and of this server may be apart.
    private static let tolerance = 60.0

    init(_ mobile: Mobile, audience: String, issuedAt: Int64, expiresAt: Int64) {
        sub = mobile.description
        aud = AudienceClaim(value: [audience])
        iat = Double(issuedAt)
        exp = Double(expiresAt)
    }

    /// Nothing: time and mobile are arguments that this has no place for. `refusal` judges.
    func verify(using algorithm: some JWTAlgorithm) throws {}

    /// Why these claims do not admit somebody; nil if they do.
    ///
    /// - Parameter now: seconds since 1970 UTC.
    func refusal(of mobile: Mobile, audience: String, now: Double) -> TokenRefusal? {
        if sub != mobile.description { return .otherMobile }
        if !aud.value.contains(audience) { return .otherAudience }
        if !(exp > now) { return .expired }
        if !(iat <= now + Self.tolerance) || !((nbf ?? iat) <= now + Self.tolerance) { return .notYetValid }
        return nil
    }

    /// When it ends, in milliseconds since 1970 UTC; the largest number if it does not fit.
    var expiry: Int64 { exp < 1e15 ? Int64(exp * 1_000) : .max }
}

/// Why a token was refused: for the server's own log. The client is never told which.
enum TokenRefusal: String, Error, CaseIterable {
    case missing
    case oversized
    case malformed
    case unknownKey = "unknown_key"
    case wrongAlgorithm = "wrong_algorithm"
    case badSignature = "bad_signature"
    case otherMobile = "other_mobile"
    case otherAudience = "other_audience"
    case expired
    case notYetValid = "not_yet_valid"
}
