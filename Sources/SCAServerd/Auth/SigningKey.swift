internal import Crypto
internal import FoundationEssentials
internal import Glibc
internal import JWTKit
public import SCACore

/// The private key that makes tokens: for `scad token`, and for a server that gives tokens for codes. Ed25519 (RFC 8037).
public struct SigningKey: Sendable {
    /// Its name in tokens and key sets, `kid`: the thumbprint of its public part (RFC 7638), so it never has two.
    public let name: String
    private let key: EdDSA.PrivateKey

    /// Makes a new key from the system's randomness.
    ///
    /// - Throws: `ServerError` if the system will not.
    public init() throws(ServerError) {
        do { try self.init(EdDSA.PrivateKey(curve: .ed25519)) } catch {
            throw ServerError(code: .badConfiguration, message: "no key could be made: \(error)")
        }
    }

    /// Reads the key that `save` wrote.
    ///
    /// - Throws: `ServerError` if it cannot be read, is no such key, or others than its owner can read it.
    public init(from path: String) throws(ServerError) {
        let jwk = try KeyFile.readPrivate(path)
        guard jwk.keyType == .octetKeyPair, let d = jwk.privateExponent,
            let key = try? EdDSA.PrivateKey(d: d, curve: .ed25519)
        else { throw KeyFile.unusable(path, "it is not a private Ed25519 key; scad token keygen makes one") }
        self.init(key)
    }

    private init(_ key: EdDSA.PrivateKey) {
        self.key = key
        let x = Base64URL.encode(key.publicKey.rawRepresentation)
        let members = #"{"crv":"Ed25519","kty":"OKP","x":"\#(x)"}"#
        name = Base64URL.encode(Data(SHA256.hash(data: Data(members.utf8))))
    }

    /// Writes the key, for its owner's eyes only (0600), and beside it in `path.pub` its public part as a JWK set.
    ///
    /// - Throws: `ServerError` if one of the files is there already or cannot be written; then neither is.
    public func save(to path: String) throws(ServerError) {
        try KeyFile.write(jwk(isPrivate: true), to: path, mode: 0o600)
        do throws(ServerError) { try KeyFile.write(publicSet, to: path + ".pub", mode: 0o644) } catch {
            unlink(path)
            throw error
        }
    }

    /// Makes a token that admits one mobile.
    ///
    /// - Parameters:
    ///   - lifetime: how long it is good, from `now` on; whole seconds.
    ///   - audience: for which servers.
    ///   - now: milliseconds since 1970 UTC.
    /// - Throws: `ServerError` if it cannot be signed, which would be a bug.
    public func token(
        for mobile: Mobile,
        lifetime: Duration,
        audience: String,
        now: Int64
    ) async throws(ServerError) -> String {
        let issuedAt = now / 1_000
        let claims = TokenClaims(
            mobile,
            audience: audience,
            issuedAt: issuedAt,
            expiresAt: issuedAt + lifetime.components.seconds
        )
        return try await sign(claims)
    }

    func sign(_ claims: some JWTPayload) async throws(ServerError) -> String {
        do {
            let keys = await JWTKeyCollection().add(eddsa: key, kid: JWKIdentifier(string: name))
            return try await keys.sign(claims, kid: JWKIdentifier(string: name))
        } catch {
            throw ServerError(code: .badConfiguration, message: "the token could not be signed: \(error)")
        }
    }

    var publicSet: JWKS { JWKS(keys: [jwk(isPrivate: false)]) }

    private func jwk(isPrivate: Bool) -> JWK {
        .octetKeyPair(
            .eddsa,
            identifier: JWKIdentifier(string: name),
            x: Base64URL.encode(key.publicKey.rawRepresentation),
            y: nil,
            curve: .ed25519,
            privateKey: isPrivate ? Base64URL.encode(key.rawRepresentation) : nil
        )
    }
}
