internal import Foundation
internal import Testing

@testable internal import SCAClient

/// Certificates made by `openssl req -x509` and `openssl x509 -req`.
struct CertificateNamesTests {
    private static let signedByAnother = """
        MIIBhjCCASygAwIBAgIUe+klk1iF4EdPXjNLsWWOb38vj6cwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHVGVzdCBDQTAeFw0yNjEx\
        MjIxODUwMzBaFw0yNjEyMDIxODUwMzBaMBQxEjAQBgNVBAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMVX\
        FKBEcj3oKkY2Ygjh+P0MR+KcFeAxmE5smvTxk5yygr6v5HfQ0ZxY7TivGiNrkQOAAVXixdym7RdvEsYXEimjXjBcMBoGA1UdEQQT\
        MBGCCWxvY2FsaG9zdIcEfwAAATAdBgNVHQ4EFgQU1WRnC8kNdoXyQ3Em5FWBajrbaj0wHwYDVR0jBBgwFoAUGC8L9Ve3YiyCWIx/\
        ifS93imCz6wwCgYIKoZIzj0EAwIDSAAwRQIgUcC6cIqatZpKxwaxgd6AlC0uzuf8IEYFgALUYrF9KSACIQCIRHOyhdNrVW4CLdB1\
        Gzf8pHyWnUJ/fQGILQBUs5Ubxg==
        """
    private static let selfSigned = """
        MIIBmTCCAT+gAwIBAgIUP9yk6ftPhdF3bF4AXtNo++OXptMwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJbG9jYWxob3N0MB4XDTI2\
        MTEyMjE4NTAzMFoXDTI2MTIyMjE4NTAzMFowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\
        HxeirY373SL2PnnacZTLBzMuheaYOI8ZauAyyTMPZWSAtOJFEj+Rsg3TWPJoqXSQB3dhr8dOr1BmPBg+BrhMKKNvMG0wHQYDVR0O\
        BBYEFELZqsvZP9MxPxLW3xy5aQaAI+JyMB8GA1UdIwQYMBaAFELZqsvZP9MxPxLW3xy5aQaAI+JyMA8GA1UdEwEB/wQFMAMBAf8w\
        GgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMAoGCCqGSM49BAMCA0gAMEUCICMQwilbAHrxa89YyOws6c5OyrhYGYCauFfWC7Nm\
        gqIqAiEAnyerhp/fnJliyDd6g1EgcS+6xJsGb/el7v0cKMq4pC0=
        """

    @Test func namesTellWhetherACertificateIsSelfSigned() throws {
        let itself = try #require(CertificateNames(der: try der(Self.selfSigned)))
        #expect(itself.issuer == itself.subject)
        let another = try #require(CertificateNames(der: try der(Self.signedByAnother)))
        #expect(another.issuer != another.subject)
        #expect(String(decoding: another.issuer, as: UTF8.self).hasSuffix("Test CA"))
        #expect(String(decoding: another.subject, as: UTF8.self).hasSuffix("localhost"))
    }

    @Test func bytesThatAreNoCertificateAreRefused() throws {
        let whole = try der(Self.selfSigned)
        for count in 0..<whole.count { _ = CertificateNames(der: Array(whole.prefix(count))) }
        for index in whole.indices {
            var broken = whole
            broken[index] = 0xFF
            _ = CertificateNames(der: broken)
        }
        #expect(CertificateNames(der: []) == nil)
        #expect(CertificateNames(der: [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]) == nil)
        #expect(CertificateNames(der: [0x30, 0x02, 0x30, 0x00]) == nil)
    }

    private func der(_ base64: String) throws -> [UInt8] {
        Array(try #require(Data(base64Encoded: base64)))
    }
}
