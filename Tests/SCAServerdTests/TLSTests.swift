import Foundation
import NIOSSL
import SCACore
import SCATesting
import Testing

@testable import SCAServerd

/// TLS over loopback: what clients meet, and what becomes of the files.
@Suite(.serialized, .timeLimit(.minutes(5))) struct TLSTests {
    private let authority: TestAuthority
    private let folder: CertificateFolder
    private let log = CollectedLog()

    init() throws {
        authority = try TestAuthority()
        folder = try CertificateFolder()
        try folder.install(authority.issue())
    }

    /// A server on TLS with the files of the folder.
    private func withTLS(
        _ change: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (ChatServer, Int) async throws -> Void
    ) async throws {
        try await withServer(
            logger: log.logger,
            {
                $0.tls = folder.files
                $0.drainWindow = .milliseconds(10)
                change(&$0)
            },
            body
        )
    }

    private func health(_ port: Int, _ authority: TestAuthority) async throws -> String {
        let client = try await TLSClient(port: port, authority: authority.certificate)
        try await client.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return try await client.readsToEnd()
    }

    @Test func healthIsAnswered() async throws {
        try await withTLS { _, port in
            let answer = try await health(port, authority)
            #expect(answer.hasSuffix(#"{"status":"ok","connections":0}"#))
        }
        #expect(log.has("certificate loaded"))
    }

    @Test func aSessionOpensTalksAndIsToldToGo() async throws {
        try await withTLS { server, port in
            let client = try await TLSClient(port: port, authority: authority.certificate)
            try await client.send(RawClient.upgrade("/ws/9876543210"))
            let head = try await client.reads(until: #"["9876543210"]}"#)
            #expect(head.hasPrefix("HTTP/1.1 101"))
            let ping = Array(#"{"type":"ping"}"#.utf8)
            try await client.send(WebSocketFrame.encode(.text, payload: ping, maskingKey: 7))
            let answer = try await client.reads(until: "pong")
            #expect(answer.contains(#"{"type":"pong"}"#))
            async let goodbye = client.readsToEnd()
            await server.drain()
            // The close frame's code, 1001, is the two bytes 03 E9; the second is no UTF-8.
            let words = try await goodbye
            #expect(words.contains("\u{3}\u{FFFD}"))
        }
    }

    @Test func aPageOfTheServersNameMayConnect() async throws {
        try await withTLS { _, port in
            for (origin, status) in [("https://test", 101), ("https://evil.example", 403)] {
                let client = try await TLSClient(port: port, authority: authority.certificate)
                let request = RawClient.upgrade("/ws/9876543210").dropLast() + "Origin: \(origin)\r\n\r\n"
                try await client.send(String(request))
                #expect(try await client.reads(until: "\r\n\r\n").hasPrefix("HTTP/1.1 \(status) "))
            }
        }
    }

    @Test(arguments: [TLSVersion.tlsv1, .tlsv11]) func oldVersionsAreRefused(_ version: TLSVersion) async throws {
        try await withTLS { _, port in
            await #expect(throws: (any Error).self) {
                try await TLSClient(port: port, authority: authority.certificate) {
                    ($0.minimumTLSVersion, $0.maximumTLSVersion) = (version, version)
                }
            }
            let answer = try await health(port, authority)
            #expect(answer.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func whoSpeaksInTheClearIsToldSoInTheClear() async throws {
        try await withTLS { _, port in
            let client = try RawClient(port: port)
            try client.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let answer = try client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(answer.contains("this port speaks TLS; use wss:// or HTTPS"))
        }
    }

    @Test(arguments: [[], [0x16], [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]] as [[UInt8]])
    func aHandshakeThatIsNotFinishedIsEnded(_ bytes: [UInt8]) async throws {
        try await withTLS({ $0.handshakeTimeout = .milliseconds(200) }) { _, port in
            let client = try RawClient(port: port)
            try client.send(bytes)
            #expect(try client.readToEnd() == "")
        }
    }

    @Test func theDeadlineHoldsBehindTheHandshakeToo() async throws {
        // Long enough for a handshake on a busy machine.
        try await withTLS({ $0.handshakeTimeout = .seconds(10) }) { _, port in
            let client = try await TLSClient(port: port, authority: authority.certificate)
            try await client.send("GET /health HTTP/1.1\r\n")
            let answer = try await client.readsToEnd()
            #expect(answer == "")
        }
    }

    @Test(arguments: [[0x16, 0x03, 0x01, 0x00, 0x02, 0xFF, 0xFF], [0x00], [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28]])
    func garbageEndsItsOwnConnectionOnly(_ bytes: [UInt8]) async throws {
        // What may still become a handshake is waited for.
        try await withTLS({ $0.handshakeTimeout = .seconds(10) }) { _, port in
            let client = try RawClient(port: port)
            try client.send(bytes)
            _ = try client.readToEnd()
            let answer = try await health(port, authority)
            #expect(answer.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func reloadGivesNewConnectionsTheNewCertificateAndKeepsSessions() async throws {
        try await withTLS { server, port in
            let client = try await TLSClient(port: port, authority: authority.certificate)
            try await client.send(RawClient.upgrade("/ws/9876543210"))
            _ = try await client.reads(until: #"["9876543210"]}"#)

            let successor = try TestAuthority("Another CA")
            try folder.install(successor.issue())
            await server.reload()
            #expect(log.has("certificate reloaded"))

            let report = try await health(port, successor)
            #expect(report.hasSuffix(#""connections":1}"#))
            await #expect(throws: (any Error).self) { _ = try await health(port, authority) }
            let ping = Array(#"{"type":"ping"}"#.utf8)
            try await client.send(WebSocketFrame.encode(.text, payload: ping, maskingKey: 7))
            let answer = try await client.reads(until: "pong")
            #expect(answer.contains(#"{"type":"pong"}"#))
        }
    }

    @Test func aBadNewFileIsLoggedOnceAndTheOldCertificateKept() async throws {
        try await withTLS { server, port in
            try Data("nothing\n".utf8).write(to: URL(filePath: folder.files.certificate))
            await server.reload()
            #expect(log.has("the old certificate is kept: the file \(folder.files.certificate) of --tls-cert has no"))
            let answer = try await health(port, authority)
            #expect(answer.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func reloadWithoutTLSIsHarmless() async throws {
        try await withTLS({ $0.tls = nil }) { server, port in
            await server.reload()
            #expect(log.has("nothing to reload"))
        }
    }
}

/// A folder with a certificate and its key.
final class CertificateFolder: Sendable {
    private let folder = FileManager.default.temporaryDirectory.path + "/sca-tls-\(UInt64.random(in: 0 ... .max))"

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var files: TLSFiles { TLSFiles(certificate: "\(folder)/cert.pem", key: "\(folder)/key.pem") }

    func install(_ pair: TestAuthority.KeyPair) throws {
        try Data(pair.certificate.utf8).write(to: URL(filePath: files.certificate))
        try Data(pair.key.utf8).write(to: URL(filePath: files.key))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: files.key)
    }
}
