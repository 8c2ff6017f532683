import SCACore
import Testing

@testable import SCAServerd

/// A session ends with its token: in virtual time.
@Suite struct TokenExpiryTests {
    private func server() -> VirtualServer {
        VirtualServer(HubConfiguration(pingTimeout: 60_000_000_000, cleanupInterval: 30_000_000_000))
    }

    @Test func aSessionThatTalksIsClosedWith1008WhenItsTokenEnds() throws {
        let server = server()
        let session = server.connectV2(try mobile(1)) { $0.expiresAt = server.now.unixMilliseconds + 600_000 }
        for _ in 0..<29 {
            server.pass(.seconds(20))
            server.send(.ping, from: session)
        }
        #expect(server.closed[session] == nil, "580 s of 600")
        server.pass(.seconds(20))
        server.send(.ping, from: session)
        // The cleanup is what looks, so it is at most an interval late.
        server.pass(.seconds(30))
        #expect(server.closed[session] == .tokenExpired)
        #expect(server.closed[session]?.code == 1008)
    }

    @Test func aTokenThatEndsBeforeASilenceWouldIsSeenAtTheNextCleanup() throws {
        let server = server()
        let short = server.connect(try mobile(1)) { $0.expiresAt = server.now.unixMilliseconds + 5_000 }
        let endless = server.connect(try mobile(2))
        server.pass(.seconds(34))
        #expect(server.closed[short] == .tokenExpired)
        #expect(server.closed[endless] == nil)
    }

    @Test func silenceBeforeTheEndOfTheTokenIsSilence() throws {
        let server = server()
        let session = server.connect(try mobile(1)) { $0.expiresAt = server.now.unixMilliseconds + 3_600_000 }
        server.pass(.seconds(90))
        #expect(server.closed[session] == .heartbeatTimeout)
    }

    @Test func aSessionWithoutATokenLastsAsLongAsItTalks() throws {
        let server = server()
        let session = server.connect(try mobile(1))
        for _ in 0..<1_000 {
            server.pass(.seconds(50))
            server.send(.ping, from: session)
        }
        #expect(server.closed[session] == nil)
    }

    @Test func aClockThatJumpsPastTheEndIsNoticed() throws {
        let server = server()
        let session = server.connect(try mobile(1)) { $0.expiresAt = server.now.unixMilliseconds + 86_400_000 }
        server.now.unixMilliseconds += 90_000_000
        for _ in 0..<5 {
            server.pass(.seconds(20))
            server.send(.ping, from: session)
        }
        #expect(server.closed[session] == .tokenExpired)
    }
}
