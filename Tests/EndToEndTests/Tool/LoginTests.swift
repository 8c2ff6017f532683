import Foundation
import Testing

/// Who one is, and where that is remembered.
@Suite(.serialized) struct LoginTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func loginIsRememberedInAFileOfOnesOwn() async throws {
        let (server, asha, _) = try await stranger()
        let answer = try await asha.run("login", asha.mobile, "-s", server.url)
        #expect(answer.exit == .status(0))
        #expect(
            answer.lines == [
                #"{"type":"login","mobile":"\#(asha.mobile)","server":"\#(server.url)","dialect":"sca.v2"}"#
            ]
        )
        #expect(try mode(asha.configFile) == 0o600)
        #expect(try mode((asha.configFile as NSString).deletingLastPathComponent) == 0o700)
        #expect(try await asha.run("who").exit == .status(0))
        #expect(try await asha.run("history", "--path").output.contains(asha.mobile))
    }

    @Test func logoutForgets() async throws {
        let (server, asha, _) = try await stranger()
        try await asha.run("login", asha.mobile, "-s", server.url)
        #expect(try await asha.run("logout").exit == .status(0))
        #expect(!FileManager.default.fileExists(atPath: asha.configFile))
        #expect(try await asha.run("who").exit == .status(77))
        #expect(try await asha.run("logout").exit == .status(0))
    }

    @Test func loginWithoutAServerRemembersNothing() async throws {
        let (_, asha, _) = try await stranger()
        let answer = try await asha.run("login", asha.mobile, "-s", "ws://127.0.0.1:1")
        #expect(answer.exit == .status(69))
        #expect(!FileManager.default.fileExists(atPath: asha.configFile))
    }

    @Test(arguments: ["12", "98765 43210", "+919876543210", "९८७६५४३२१०", String(repeating: "9", count: 33)])
    func whatIsNoMobileIsRefused(_ text: String) async throws {
        let (server, asha, _) = try await stranger()
        #expect(try await asha.run("login", text, "-s", server.url).exit == .status(64))
    }

    @Test func optionBeatsEnvironmentBeatsLogin() async throws {
        let (server, asha, _) = try await stranger()
        try await asha.run("login", asha.mobile, "-s", server.url)
        var other = asha
        other.environment["SCACTL_MOBILE"] = "9000000003"
        #expect(try await asha.run("history", "--path").output.contains("/9876543210/"))
        #expect(try await other.run("history", "--path").output.contains("/9000000003/"))
        #expect(try await other.run("history", "--path", "-m", "9000000004").output.contains("/9000000004/"))

        other.environment["SCACTL_SERVER"] = "ws://127.0.0.1:1"
        #expect(try await asha.run("health").exit == .status(0))
        #expect(try await other.run("health").exit == .status(69))
        #expect(try await other.run("health", "-s", server.url).exit == .status(0))

        other.environment["SCACTL_OUTPUT"] = "text"
        #expect(try await asha.run("health", "-s", server.url).output.hasPrefix("{"))
        #expect(try await other.run("health", "-s", server.url).output.hasPrefix("✓"))
        #expect(try await other.run("health", "-s", server.url, "-o", "json").output.hasPrefix("{"))
    }

    /// Somebody who never logged in: nothing in the environment.
    private func stranger() async throws -> (Server, Person, Person) {
        var (server, asha, ravi) = try await stage.scene()
        asha.environment["SCACTL_MOBILE"] = nil
        asha.environment["SCACTL_SERVER"] = nil
        ravi.environment["SCACTL_SERVER"] = nil
        return (server, asha, ravi)
    }
}
