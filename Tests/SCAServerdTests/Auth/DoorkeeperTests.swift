import Foundation
import Logging
import SCACore
import Testing

@testable import SCAServerd

/// Who comes in, over loopback: bytes in, bytes out.
@Suite(.serialized) struct DoorkeeperTests {
    private let asha = "9876543210"

    private func answer(_ port: Int, _ path: String, _ headers: String...) throws -> String {
        let client = try RawClient(port: port)
        let request = RawClient.upgrade(path)
        try client.send(request.dropLast() + headers.map { "\($0)\r\n" }.joined() + "\r\n")
        return try client.readHead()
    }

    private func withKeys(_ body: (ChatServer, Int, KeyFolder, SigningKey) async throws -> Void) async throws {
        let folder = try KeyFolder()
        let key = try folder.makeKey("key")
        try await withServer {
            $0.auth.mode = .token
            $0.auth.keyFiles = [folder.file("key.pub")]
            $0.cleanupInterval = .milliseconds(100)
        } _: { server, port in
            try await body(server, port, folder, key)
        }
    }

    @Test func aTokenAdmitsInBothPlacesAndBothDialects() async throws {
        try await withKeys { _, port, _, key in
            let token = try await key.token(try #require(Mobile(asha)))
            let plain = try answer(port, "/ws/\(asha)", "Authorization: bearer \(token)")
            #expect(plain.hasPrefix("HTTP/1.1 101 ") && !plain.contains("Sec-WebSocket-Protocol"))
            for (offered, selected) in [
                ("sca.v2, bearer.\(token)", "sca.v2"), ("bearer.\(token), sca.v2", "sca.v2"),
                ("sca.base, bearer.\(token)", "sca.base"), ("bearer.\(token)", nil),
                ("sca.base, sca.v2, bearer.\(token)", "sca.v2"),
            ] {
                let head = try answer(port, "/ws/\(asha)", "Sec-WebSocket-Protocol: \(offered)")
                #expect(head.hasPrefix("HTTP/1.1 101 "))
                #expect(!head.contains("bearer") && !head.contains(token))
                let lines = head.components(separatedBy: "\r\n").filter { $0.hasPrefix("Sec-WebSocket-Protocol") }
                #expect(lines == (selected.map { ["Sec-WebSocket-Protocol: \($0)"] } ?? []))
            }
        }
    }

    @Test func everythingElseIsRefusedWithOneAndTheSame401() async throws {
        try await withKeys { _, port, _, key in
            let me = try #require(Mobile(asha))
            let now = WallClock.unixMilliseconds()
            let good = try await key.token(me)
            let foreign = try await SigningKey().token(me)
            let late = try await key.token(me, now: now - 7_200_000)
            let early = try await key.token(me, now: now + 7_200_000)
            let headers = [
                "X: y", "Authorization: Bearer", "Authorization: Bearer ", "Authorization: Bearer x",
                "Authorization: Basic \(good)", "Authorization: Bearer \(good)x", "Authorization: Bearer \(foreign)",
                "Authorization: Bearer \(late)", "Authorization: Bearer \(early)",
                "Authorization: Bearer \(good)\r\nAuthorization: Bearer \(good)",
                "Authorization: Bearer \(String(repeating: "a", count: 5_000))",
                "Sec-WebSocket-Protocol: bearer.\(good), bearer.\(good)", "Sec-WebSocket-Protocol: bearer.",
            ]
            var answers: Set<String> = []
            for header in headers {
                let client = try RawClient(port: port)
                try client.send(RawClient.upgrade("/ws/\(asha)").dropLast() + "\(header)\r\n\r\n")
                answers.insert(try client.readToEnd().replacing(/Date: [^\r]+\r\n/, with: ""))
            }
            // Somebody else's mobile, and one that never was here.
            for mobile in ["9123456780", "9000000000"] {
                let client = try RawClient(port: port)
                let request = RawClient.upgrade("/ws/\(mobile)").dropLast()
                try client.send(request + "Authorization: Bearer \(good)\r\n\r\n")
                answers.insert(try client.readToEnd().replacing(/Date: [^\r]+\r\n/, with: ""))
            }
            #expect(answers.count == 1, "\(answers)")
            let only = try #require(answers.first)
            #expect(
                only.hasPrefix("HTTP/1.1 401 Unauthorized\r\n") && only.contains("\r\nWWW-Authenticate: Bearer\r\n")
            )
            #expect(only.hasSuffix(#"{"error":{"code":"unauthorized","message":"a token for this mobile is needed"}}"#))
        }
    }

    @Test func aSessionEndsWith1008WithItsToken() async throws {
        try await withKeys { _, port, _, key in
            let token = try await key.token(try #require(Mobile(asha)), lifetime: .seconds(5))
            let client = try RawClient(port: port)
            try client.send(RawClient.upgrade("/ws/\(asha)", protocols: "bearer.\(token)"))
            #expect(try client.readHead().hasPrefix("HTTP/1.1 101 "))
            var frames: [String] = []
            while let frame = try client.frame() { frames.append(frame) }
            #expect(frames.last == "close 1008")
        }
    }

    @Test func keysAreRolledWithoutARestart() async throws {
        try await withKeys { server, port, folder, old in
            let me = try #require(Mobile(asha))
            let ofOld = "Authorization: Bearer \(try await old.token(me))"
            let new = try SigningKey()
            let ofNew = "Authorization: Bearer \(try await new.token(me))"
            #expect(try answer(port, "/ws/\(asha)", ofNew).hasPrefix("HTTP/1.1 401 "))
            let standing = try RawClient(port: port)
            try standing.send(RawClient.upgrade("/ws/\(asha)").dropLast() + "\(ofOld)\r\n\r\n")
            #expect(try standing.readHead().hasPrefix("HTTP/1.1 101 "))

            try new.save(to: folder.file("new"))
            try FileManager.default.removeItem(atPath: folder.file("key.pub"))
            await server.reload()
            #expect(
                try answer(port, "/ws/\(asha)", ofOld).hasPrefix("HTTP/1.1 101 "),
                "a file that is gone: the old keys"
            )
            try FileManager.default.copyItem(atPath: folder.file("new.pub"), toPath: folder.file("key.pub"))
            await server.reload()
            #expect(try answer(port, "/ws/\(asha)", ofNew).hasPrefix("HTTP/1.1 101 "))
            #expect(try answer(port, "/ws/\(asha)", ofOld).hasPrefix("HTTP/1.1 401 "))
            try standing.sendFrame(#"{"type":"ping"}"#)
            var last = try standing.frame()
            while let frame = last, frame != #"{"type":"pong"}"# { last = try standing.frame() }
            #expect(last == #"{"type":"pong"}"#, "sessions that stand are left alone")
        }
    }

    @Test func pagesOfOtherOriginsAreRefused() async throws {
        try await withServer {
            $0.auth.allowedOrigins = ["https://app.example"]
        } _: { _, port in
            let silent = try answer(port, "/ws/\(asha)")
            #expect(silent.hasPrefix("HTTP/1.1 101 "))
            #expect(try answer(port, "/ws/\(asha)", "Origin: https://app.example").hasPrefix("HTTP/1.1 101 "))
            for origin in ["http://evil.example", "null", "http://test:81"] {
                #expect(try answer(port, "/ws/\(asha)", "Origin: \(origin)").hasPrefix("HTTP/1.1 403 "), "\(origin)")
            }
        }
    }

    /// `Host` is `test`: whose name that is, only a proxy can say. TLS is among `TLSTests`.
    @Test func aPageOfANameIsOursOnlyBehindAProxy() async throws {
        for (proxies, status) in [(TrustedProxies.none, 403), (try TrustedProxies(parsing: "127.0.0.1"), 101)] {
            try await withServer {
                $0.trustedProxies = proxies
            } _: { _, port in
                for origin in ["http://test", "https://test"] {
                    let head = try answer(port, "/ws/\(asha)", "Origin: \(origin)")
                    #expect(head.hasPrefix("HTTP/1.1 \(status) "), "\(origin)")
                }
                #expect(try answer(port, "/ws/\(asha)").hasPrefix("HTTP/1.1 101 "))
            }
        }
    }
}
