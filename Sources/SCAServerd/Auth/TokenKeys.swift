internal import FoundationEssentials
internal import JWTKit
internal import SCACore

/// The public keys of a server, and what it makes of a token (RFC 7515, 7519). A value: rolling keys means another value.
///
/// Each key stands for one algorithm, the one that its JWK names, and a token names its key: so the header's `alg` chooses
/// nothing, it must only agree, and `none` or a public key used as a shared secret get nowhere. EdDSA is what `scad token`
/// makes; RS256, ES256 and the like from somebody else's set are fine. What is secret is only asked of a signature that holds.
///
/// Verifying takes about 0.1 ms and is done where the upgrade is, on its event loop, so that nothing comes between. JWTKit
/// does the cryptography; its `JWTKeyCollection.verify` is not used, since it takes the first key for a `kid` that it does not
/// know, nor is its reading of a header, which traps on a number beyond 64 bits.
struct TokenKeys: Sendable {
    /// The longest token that is looked at, in bytes; ours have 250.
    static let maximumBytes = 4_096

    private let algorithms: [String: any JWTAlgorithm]
    private let audience: String

    /// Takes the keys of a set.
    ///
    /// - Throws: a sentence's end about the key that cannot be used.
    init(_ sets: [JWKS], audience: String) async throws(KeyProblem) {
        var algorithms: [String: any JWTAlgorithm] = [:]
        for key in sets.flatMap(\.keys) {
            guard let name = key.keyIdentifier, !name.string.isEmpty else { throw KeyProblem("a key in it has no kid") }
            guard let algorithm = key.algorithm else { throw KeyProblem("its key \(name.string) has no alg") }
            guard key.privateExponent == nil else {
                throw KeyProblem("its key \(name.string) is a private one; the server needs the public part")
            }
            let keys = JWTKeyCollection()
            guard let made = try? await keys.add(jwk: key).getKey(for: name, alg: algorithm.rawValue) else {
                throw KeyProblem("its key \(name.string) is not of a kind that is known")
            }
            guard algorithms.updateValue(made, forKey: name.string) == nil else {
                throw KeyProblem("two keys have the kid \(name.string)")
            }
        }
        self.algorithms = algorithms
        self.audience = audience
    }

    /// The names of the keys, in order.
    var names: [String] { algorithms.keys.sorted() }

    /// Judges a token.
    ///
    /// - Parameters:
    ///   - mobile: whom it must be for.
    ///   - now: milliseconds since 1970 UTC.
    /// - Returns: when it ends, in milliseconds since 1970 UTC.
    /// - Throws: why it is refused.
    func expiry(of token: String, admitting mobile: Mobile, now: Int64) throws(TokenRefusal) -> Int64 {
        guard token.utf8.count <= Self.maximumBytes else { throw .oversized }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2]), !signature.isEmpty,
            let header = try? JSONDecoder().decode(Header.self, from: head), header.hasNoDemands
        else { throw .malformed }
        guard let algorithm = algorithms[header.kid] else { throw .unknownKey }
        guard header.alg == algorithm.name else { throw .wrongAlgorithm }
        let signed = Data(token.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
        guard (try? algorithm.verify(signature, signs: signed)) == true else { throw .badSignature }
        guard let claims = try? JSONDecoder().decode(TokenClaims.self, from: payload) else { throw .malformed }
        if let refusal = claims.refusal(of: mobile, audience: audience, now: Double(now) / 1_000) { throw refusal }
        return claims.expiry
    }

    /// As much of a token's header as is heeded.
    private struct Header: Decodable {
        var alg: String
        var kid: String
        /// Extensions that whoever does not know them must refuse; we know none.
        var hasNoDemands: Bool

        private enum CodingKeys: String, CodingKey {
            case alg, kid, crit
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            alg = try values.decode(String.self, forKey: .alg)
            kid = try values.decode(String.self, forKey: .kid)
            hasNoDemands = !values.contains(.crit)
        }
    }
}

/// What is wrong with a key or its file, as the end of a sentence.
struct KeyProblem: Error {
    let sentence: String

    init(_ sentence: String) { self.sentence = sentence }
}
