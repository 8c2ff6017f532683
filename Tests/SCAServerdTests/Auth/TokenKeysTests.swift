import Foundation
import JWTKit
import SCACore
import Testing

@testable import SCAServerd

@Suite struct TokenKeysTests {
    /// 2026-11-22, in milliseconds.
    private let now: Int64 = 1_795_363_670_974

    private func keys(_ signers: SigningKey...) async throws -> TokenKeys {
        try await TokenKeys(signers.map(\.publicSet), audience: "sca")
    }

    private func refusal(_ token: String, of keys: TokenKeys, as mobile: Mobile, at now: Int64) -> TokenRefusal? {
        do throws(TokenRefusal) {
            _ = try keys.expiry(of: token, admitting: mobile, now: now)
            return nil
        } catch { return error }
    }

    /// A token of this header and these claims, signed with the key whatever they say.
    private func forged(_ header: String, _ claims: String, _ signature: [UInt8] = [1]) -> String {
        [Array(header.utf8), Array(claims.utf8), signature].map { Base64URL.encode($0) }.joined(separator: ".")
    }

    @Test func aTokenAdmitsItsMobileUntilItEnds() async throws {
        let signer = try SigningKey()
        let (keys, asha) = (try await keys(signer), try mobile(1))
        let token = try await signer.token(asha, now: now)
        #expect(try keys.expiry(of: token, admitting: asha, now: now) == now / 1_000 * 1_000 + 3_600_000)
        #expect(refusal(token, of: keys, as: asha, at: now + 3_599_000) == nil)
        #expect(refusal(token, of: keys, as: asha, at: now + 3_600_000) == .expired)
        #expect(refusal(token, of: keys, as: try mobile(2), at: now) == .otherMobile)
    }

    @Test func aTokenOfTheFutureIsNotYetGood() async throws {
        let signer = try SigningKey()
        let (keys, asha) = (try await keys(signer), try mobile(1))
        let token = try await signer.token(asha, now: now + 300_000)
        #expect(refusal(token, of: keys, as: asha, at: now) == .notYetValid)
        #expect(refusal(token, of: keys, as: asha, at: now + 250_000) == nil, "clocks differ a little")
        var claims = TokenClaims(asha, audience: "sca", issuedAt: now / 1_000, expiresAt: now / 1_000 + 9_000)
        claims.nbf = Double(now / 1_000 + 300)
        #expect(refusal(try await signer.sign(claims), of: keys, as: asha, at: now) == .notYetValid)
    }

    @Test func keysRollByTheirNames() async throws {
        let (old, new) = (try SigningKey(), try SigningKey())
        let asha = try mobile(1)
        let (ofOld, ofNew) = (try await old.token(asha, now: now), try await new.token(asha, now: now))
        let (before, between, after) = (try await keys(old), try await keys(old, new), try await keys(new))
        #expect(refusal(ofOld, of: before, as: asha, at: now) == nil)
        #expect(refusal(ofNew, of: before, as: asha, at: now) == .unknownKey)
        #expect(refusal(ofOld, of: between, as: asha, at: now) == nil)
        #expect(refusal(ofNew, of: between, as: asha, at: now) == nil)
        #expect(refusal(ofOld, of: after, as: asha, at: now) == .unknownKey)
    }

    @Test func whatAnotherKeySignedIsRefusedWhateverItCallsItself() async throws {
        let (ours, other) = (try SigningKey(), try SigningKey())
        let asha = try mobile(1)
        let parts = try await other.token(asha, now: now).split(separator: ".")
        let header = Base64URL.encode(Array(#"{"alg":"EdDSA","kid":"\#(ours.name)"}"#.utf8))
        let token = "\(header).\(parts[1]).\(parts[2])"
        #expect(refusal(token, of: try await keys(ours), as: asha, at: now) == .badSignature)
    }

    @Test func aTokenForAnotherPurposeIsRefused() async throws {
        let signer = try SigningKey()
        let asha = try mobile(1)
        let token = try await signer.token(for: asha, lifetime: .seconds(60), audience: "billing", now: now)
        #expect(refusal(token, of: try await keys(signer), as: asha, at: now) == .otherAudience)
    }

    /// No algorithm, one with the public key as its secret, an unknown one, none named.
    @Test(arguments: ["none", "None", "HS256", "RS256", "ES256", "EdDSA2", ""])
    func theHeaderDoesNotChooseTheAlgorithm(_ name: String) async throws {
        let signer = try SigningKey()
        let asha = try mobile(1)
        let claims = #"{"sub":"\#(asha)","aud":"sca","iat":0,"exp":9999999999}"#
        let token = forged(#"{"alg":"\#(name)","kid":"\#(signer.name)"}"#, claims)
        #expect(refusal(token, of: try await keys(signer), as: asha, at: now) == .wrongAlgorithm)
        let unsigned = String(token.prefix { $0 != "." }) + "." + Base64URL.encode(Array(claims.utf8)) + "."
        #expect(refusal(unsigned, of: try await keys(signer), as: asha, at: now) == .malformed)
    }

    @Test(arguments: [
        "", ".", "..", "a.b.c", "a.b", "....", "\u{0}.\u{0}.\u{0}", "🙂.🙂.🙂", "e30.e30.AQ", "W10.e30.AQ",
        "bnVsbA.e30.AQ",
    ])
    func garbageIsRefused(_ token: String) async throws {
        let keys = try await keys(try SigningKey())
        #expect(refusal(token, of: keys, as: try mobile(1), at: now) == .malformed)
    }

    /// Numbers beyond 64 bits, deep nests, demands that we do not know.
    @Test func hostileHeadersAreRefusedWithoutHarm() async throws {
        let signer = try SigningKey()
        let keys = try await keys(signer)
        let plain = #""alg":"EdDSA","kid":"\#(signer.name)""#
        let nest = String(repeating: "[", count: 1_000) + String(repeating: "]", count: 1_000)
        for (extra, expected) in [
            (#""x":1e300"#, TokenRefusal.badSignature), (#""x":\#(nest)"#, .malformed), (#""crit":["x"]"#, .malformed),
            (#""crit":null"#, .malformed), (#""alg":1"#, .wrongAlgorithm),
        ] {
            let found = refusal(forged("{\(plain),\(extra)}", "{}"), of: keys, as: try mobile(1), at: now)
            #expect(found == expected || found == .malformed || found == .badSignature, "\(extra)")
            #expect(found != nil)
        }
        #expect(
            refusal(forged(#"{"alg":"EdDSA","kid":"x"}"#, "{}"), of: keys, as: try mobile(1), at: now) == .unknownKey
        )
        let long = forged("{\(plain)}", String(repeating: " ", count: 5_000))
        #expect(refusal(long, of: keys, as: try mobile(1), at: now) == .oversized)
    }

    @Test func claimsAtTheEdgesOfNumbersDoNoHarm() async throws {
        let signer = try SigningKey()
        let (keys, asha) = (try await keys(signer), try mobile(1))
        var claims = TokenClaims(asha, audience: "sca", issuedAt: 0, expiresAt: 0)
        claims.exp = 1e300
        #expect(try keys.expiry(of: try await signer.sign(claims), admitting: asha, now: now) == .max)
        claims.exp = -1e300
        #expect(refusal(try await signer.sign(claims), of: keys, as: asha, at: now) == .expired)
        claims.exp = 1e300
        claims.iat = 1e300
        #expect(refusal(try await signer.sign(claims), of: keys, as: asha, at: now) == .notYetValid)
    }

    @Test func keysOfOtherKindsAreTakenFromASet() async throws {
        let signer = ES256PrivateKey()
        let parameters = try #require(signer.parameters)
        let jwk = JWK.ecdsa(.es256, identifier: "e", x: parameters.x, y: parameters.y, curve: .p256)
        let keys = try await TokenKeys([JWKS(keys: [jwk])], audience: "sca")
        let asha = try mobile(1)
        let claims = TokenClaims(asha, audience: "sca", issuedAt: now / 1_000, expiresAt: now / 1_000 + 60)
        let token = try await JWTKeyCollection().add(ecdsa: signer, kid: "e").sign(claims, kid: "e")
        #expect(refusal(token, of: keys, as: asha, at: now) == nil)
    }

    @Test func keyFilesThatCannotBeUsedAreSaidPlainly() async throws {
        let folder = try KeyFolder()
        _ = try folder.makeKey("a")
        #expect(throws: ServerError.self) { try SigningKey().save(to: folder.file("a")) }
        let text = try String(contentsOfFile: folder.file("a"), encoding: .utf8)
        let exposed = try folder.write("exposed", text, mode: 0o640)
        #expect { try SigningKey(from: exposed) } throws: { "\($0)".contains("chmod 600") }
        let swapped = try folder.write("set", "{\"keys\":[\(text)]}")
        var configuration = AuthConfiguration()
        configuration.mode = .token
        for (file, words) in [
            (swapped, "private"), (folder.file("nix"), "no such file"),
            (folder.file("a"), "JWK set of public keys (--token-key \(folder.file("a")).pub"),
        ] {
            configuration.keyFiles = [file]
            let log = ServerLog(logger: .init(label: "test"), showsMobiles: false)
            await #expect { try await Doorkeeper(configuration, log: log) } throws: { "\($0)".contains(words) }
        }
    }
}
