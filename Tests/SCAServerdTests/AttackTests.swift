import SCACore
import Testing

@testable import SCAServerd

/// Attacks over loopback, each small: the attacker is stopped, and whoever behaves notices nothing. `scripts/attack` has them in
/// their full size, with figures.
@Suite(.serialized) struct AttackTests {
    /// Two who talk: what one says reaches the other.
    private struct Pair {
        let alice: RawClient
        let bob: RawClient
        private var count = 0

        init(port: Int) throws {
            bob = try RawClient(port: port)
            try bob.open("/ws/9123456780?presence=none", protocols: "sca.v2")
            _ = try bob.frame()
            alice = try RawClient(port: port)
            try alice.open("/ws/9123456781?presence=none", protocols: "sca.v2")
            _ = try alice.frame()
        }

        /// - Returns: whether a message was delivered and acked.
        mutating func talk() throws -> Bool {
            count += 1
            try alice.sendFrame(#"{"type":"message","to":"9123456780","text":"\#(count)","id":"t\#(count)"}"#)
            let isAcked = try alice.frame()?.contains(#""id":"t\#(count)","to":"9123456780","sessions":1"#) == true
            return try bob.frame()?.contains(#""text":"\#(count)""#) == true && isAcked
        }
    }

    private static let request = RawClient.upgrade("/ws/9876543210")

    /// Slowloris before the session is open: nothing, a piece of the request line, a piece of the head.
    @Test(arguments: ["", "GET /ws/98", "GET /ws/9876543210 HTTP/1.1\r\nHost: x\r\nUpgr"])
    func aHandshakeThatStopsAnywhereIsClosedAtItsDeadline(bytes: String) async throws {
        try await withServer({ $0.handshakeTimeout = .milliseconds(300) }) { _, port in
            var pair = try Pair(port: port)
            let slow = try (0..<50).map { _ in
                let client = try RawClient(port: port)
                try client.send(bytes)
                return client
            }
            #expect(try pair.talk())
            for client in slow { #expect(try client.readToEnd() == "") }
            #expect(try pair.talk())
        }
    }

    /// Slowloris in a session: half of a frame's header, half of its payload, a message whose fragments do not end.
    @Test(arguments: [[0x81], [0x81, 0x85, 1, 2, 3, 4, 5], [0x01, 0x81, 0, 0, 0, 0, 0x61, 0x00, 0x80, 0, 0, 0, 0]])
    func aFrameThatStopsAnywhereIsNoSignOfLife(bytes: [UInt8]) async throws {
        try await withServer({
            $0.pingTimeout = .seconds(1)
            $0.cleanupInterval = .milliseconds(100)
        }) { _, port in
            let slow = try RawClient(port: port)
            try slow.open("/ws/9876543210?presence=none", protocols: "sca.v2")
            _ = try slow.frame()
            try slow.send(bytes)
            #expect(try slow.frame() == "close 4000")
        }
    }

    @Test func handshakesThatStayHalfOpenKeepNobodyOut() async throws {
        try await withServer { _, port in
            let half = try (0..<200).map { _ in
                let client = try RawClient(port: port)
                try client.send("GET /ws/9876543210 HTTP/1.1\r\n")
                return client
            }
            var pair = try Pair(port: port)
            for _ in 0..<20 { #expect(try pair.talk()) }
            #expect(half.count == 200)
        }
    }

    /// Too long a line, too many lines, no line at all, and some so large that most of them comes after the answer.
    @Test(arguments: [
        ("X: ", "x", 9_000), ("", "X: y\r\n", 300), ("", "x", 9_000), ("", "X: y\r\n", 100_000), ("X: ", "x", 900_000),
    ])
    func aHeadThatGrowsIsAnsweredAndCutOff(start: String, piece: String, count: Int) async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            try client.send("GET /ws/9876543210 HTTP/1.1\r\n" + start + String(repeating: piece, count: count))
            let answer = try client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 431 "), "\(answer.prefix(40))")
        }
    }

    /// Who neither reads nor closes is not lingered for: it is hung up on, by time or by bytes.
    @Test func nobodyGoesOnSendingBehindARefusal() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            try client.send("no HTTP at all\r\n\r\n")
            #expect(throws: RawClient.Failure.self) {
                for _ in 0..<10_000 { try client.send([UInt8](repeating: 0x78, count: 10_000)) }
            }
        }
    }

    @Test func fragmentsThatAddUpToTooMuchCloseTheSession() async throws {
        try await withServer({ $0.limits = WireLimits(textBytes: 4_096) }) { _, port in
            let client = try RawClient(port: port)
            try client.open("/ws/9876543210?presence=none", protocols: "sca.v2")
            _ = try client.frame()
            let piece = [UInt8](repeating: 0x61, count: 100)
            let header: [UInt8] = [0x80 | 100, 0, 0, 0, 0]
            try client.send([0x01] + header + piece)
            for _ in 0..<200 { try? client.send([0x00] + header + piece) }
            #expect(try client.frame() == "close 1009")
        }
    }

    /// Empty fragments are no message, so only their own count can slow them. That it takes at least so long cannot fail on
    /// a slow machine.
    @Test func emptyFragmentsAreSlowedLikeFrames() async throws {
        try await withServer({ $0.framesPerSecond = 100 }) { _, port in
            let client = try RawClient(port: port)
            try client.open("/ws/9876543210?presence=none", protocols: "sca.v2")
            _ = try client.frame()
            let ping = WebSocketFrame.encode(.text, payload: Array(#"{"type":"ping"}"#.utf8), maskingKey: 7)
            let fragments =
                [[0x01, 0x80, 0, 0, 0, 0]] + Array(repeating: [0x00, 0x80, 0, 0, 0, 0] as [UInt8], count: 350)
            let start = ContinuousClock.now
            try client.send(fragments.flatMap { $0 } + [0x80, 0x80, 0, 0, 0, 0])
            #expect(try client.frame()?.contains("invalid_frame") == true, "an empty text is no frame of ours")
            try client.send(ping)
            #expect(try client.frame() == #"{"type":"pong"}"#)
            #expect(ContinuousClock.now - start > .milliseconds(500), "351 at 100 a second, 200 of them at once")
        }
    }

    /// The bytes of a message that never ends are slowed, too.
    @Test func bytesAreSlowedThoughNoMessageEnds() async throws {
        try await withServer({ $0.bytesPerSecond = 10_000 }) { _, port in
            let client = try RawClient(port: port)
            try client.open("/ws/9876543210?presence=none", protocols: "sca.v2")
            _ = try client.frame()
            let start = ContinuousClock.now
            // A first fragment of 60,000 bytes, more than is read at once, and then a ping (RFC 6455, section 5.4).
            let piece = [UInt8](repeating: 0x61, count: 60_000)
            try client.send([0x01, 0x80 | 126, 0xEA, 0x60, 0, 0, 0, 0] + piece)
            try client.send([0x89, 0x80, 0, 0, 0, 0])
            #expect(try client.frame() == "pong []")
            #expect(ContinuousClock.now - start > .milliseconds(200), "60000 at 10000 a second, 20000 of them at once")
        }
    }

    @Test func sessionsOfOneMobileAreManyAndNotMore() async throws {
        try await withServer({ $0.sessionsPerMobile = 16 }) { _, port in
            var pair = try Pair(port: port)
            var admitted: [RawClient] = []
            for _ in 0..<100 {
                let client = try RawClient(port: port)
                try client.send(RawClient.upgrade("/ws/9876543210"))
                let head = try client.readHead()
                if head.hasPrefix("HTTP/1.1 101 ") {
                    admitted.append(client)
                } else {
                    #expect(head.hasPrefix("HTTP/1.1 429 ") && head.contains("\r\nRetry-After: "))
                }
            }
            #expect(admitted.count == 16)
            #expect(try pair.talk())
        }
    }

    /// All come from one proxy, so their addresses are those that it names.
    @Test func behindAProxyEachClientHasALimitOfItsOwn() async throws {
        let proxies = try TrustedProxies(parsing: "127.0.0.1")
        try await withServer({
            $0.trustedProxies = proxies
            $0.admission.connectionsPerAddress = 2
            $0.admission.countsLoopback = true
        }) { _, port in
            func knock(_ address: String) throws -> (RawClient, String) {
                // A line end is one character.
                let client = try RawClient(port: port)
                let request = Self.request.dropLast() + "X-Forwarded-For: 203.0.113.9, \(address)\r\n\r\n"
                try client.send(String(request))
                return (client, try client.readHead())
            }
            var clients: [RawClient] = []
            for address in ["192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"] {
                let (client, head) = try knock(address)
                #expect(head.hasPrefix("HTTP/1.1 101 "), "\(address)")
                clients.append(client)
            }
            for address in ["192.0.2.1", "2001:db8:0:0:1::1"] {
                #expect(try knock(address).1.hasPrefix("HTTP/1.1 429 "), "\(address)")
            }
            // Who is gone leaves room, a moment later.
            clients.removeFirst()
            var isIn = false
            while !isIn { isIn = try knock("192.0.2.1").1.hasPrefix("HTTP/1.1 101 ") }
        }
    }

    @Test func behindAProxyALoginCountsAgainstItsClientAndHealthDoesNot() async throws {
        let proxies = try TrustedProxies(parsing: "127.0.0.1")
        try await withServer({
            $0.trustedProxies = proxies
            $0.admission.connectionsPerAddress = 1
        }) { _, port in
            func answer(_ request: String, _ address: String) throws -> String {
                let client = try RawClient(port: port)
                try client.send("\(request) HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: \(address)\r\n\r\n")
                return try client.readToEnd()
            }
            let session = try RawClient(port: port)
            try session.send(String(Self.request.dropLast() + "X-Forwarded-For: 192.0.2.1\r\n\r\n"))
            #expect(try session.readHead().hasPrefix("HTTP/1.1 101 "))
            let refused = try answer("POST /login/code", "192.0.2.1")
            #expect(refused.hasPrefix("HTTP/1.1 429 ") && refused.contains("\r\nRetry-After: "))
            // There is no login by code here, and it is told so.
            #expect(try answer("POST /login/code", "192.0.2.2").hasPrefix("HTTP/1.1 404 "))
            #expect(try answer("GET /health", "192.0.2.1").hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func whoIsOneTooManyIsToldSoAndComesInWhenThereIsRoom() async throws {
        try await withServer({ $0.admission.connections = 2 }) { _, port in
            var clients = try (0..<2).map { number in
                let client = try RawClient(port: port)
                try client.open("/ws/987654321\(number)")
                return client
            }
            let late = try RawClient(port: port)
            try late.send(Self.request)
            let answer = try late.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("\r\nRetry-After: 5\r\n"))
            #expect(answer.contains(#"{"error":{"code":"rate_limited","message":"the server has 2 connections"#))
            clients.removeLast()
            // The server sees that one go a moment later.
            var isIn = false
            while !isIn {
                let client = try RawClient(port: port)
                try client.send(Self.request)
                isIn = try client.readHead().hasPrefix("HTTP/1.1 101 ")
            }
        }
    }
}
