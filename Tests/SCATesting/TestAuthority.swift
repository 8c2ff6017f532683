public import Foundation
internal import Crypto
internal import SwiftASN1
internal import X509

/// An authority made for a test, and the certificates it issues.
public struct TestAuthority: Sendable {
    /// A certificate and its key, as files have them.
    public struct KeyPair: Sendable {
        /// The certificate in PEM.
        public let certificate: String
        /// Its private key in PEM.
        public let key: String
    }

    /// What makes one certificate differ from the usual one, which is good for this machine from yesterday to tomorrow.
    public struct Terms: Sendable {
        /// The names it is for.
        public var names = ["localhost"]
        /// The IPv4 addresses it is for, four bytes each.
        public var addresses: [[UInt8]] = [[127, 0, 0, 1]]
        /// Valid from; seconds from now.
        public var start: TimeInterval = -86_400
        /// Valid until; seconds from now.
        public var end: TimeInterval = 86_400

        /// The usual terms.
        public init() {}
    }

    private let key: Certificate.PrivateKey
    private let name: DistinguishedName
    /// The authority's own certificate in PEM.
    public let certificate: String

    /// Makes an authority.
    public init(_ name: String = "Test CA") throws {
        key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        self.name = try DistinguishedName { CommonName(name) }
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
            Critical(KeyUsage(keyCertSign: true))
        }
        let own = try Self.sign(key.publicKey, Terms(), subject: self.name, issuer: self.name, by: key, extensions)
        certificate = try own.serializeAsPEM().pemString
    }

    /// Issues a certificate.
    public func issue(_ change: (inout Terms) -> Void = { _ in }) throws -> KeyPair {
        try Self.make(change, issuer: name, by: key)
    }

    /// A certificate that nobody but itself vouches for.
    public static func selfSigned() throws -> KeyPair {
        try make({ _ in }, issuer: nil, by: nil)
    }

    private static func make(
        _ change: (inout Terms) -> Void,
        issuer: DistinguishedName?,
        by authority: Certificate.PrivateKey?
    ) throws -> KeyPair {
        var terms = Terms()
        change(&terms)
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let subject = try DistinguishedName { CommonName("a server of a test") }
        let names = terms.names.map { GeneralName.dnsName($0) }
        let addresses = terms.addresses.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) }
        let extensions = try Certificate.Extensions { SubjectAlternativeNames(names + addresses) }
        let certificate = try sign(
            key.publicKey,
            terms,
            subject: subject,
            issuer: issuer ?? subject,
            by: authority ?? key,
            extensions
        )
        return KeyPair(
            certificate: try certificate.serializeAsPEM().pemString,
            key: try key.serializeAsPEM().pemString
        )
    }

    private static func sign(
        _ key: Certificate.PublicKey,
        _ terms: Terms,
        subject: DistinguishedName,
        issuer: DistinguishedName,
        by authority: Certificate.PrivateKey,
        _ extensions: Certificate.Extensions
    ) throws -> Certificate {
        try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: key,
            notValidBefore: Date(timeIntervalSinceNow: terms.start),
            notValidAfter: Date(timeIntervalSinceNow: terms.end),
            issuer: issuer,
            subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions,
            issuerPrivateKey: authority
        )
    }
}
