import Foundation
import Testing

/// What `scad` tells its log, and what it never does.
@Suite(.serialized) struct DaemonLogTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    private static let secret = "a-secret-that-nobody-should-log"

    @Test(arguments: ["text", "json"])
    func logHasNoTextAndNoWholeMobile(_ format: String) async throws {
        let log = try await talk("--log-level", "trace", "--log-format", format)
        #expect(!log.contains(Self.secret))
        #expect(!log.contains("9876543210") && !log.contains("9123456780"))
        #expect(log.contains("98******10") && log.contains("91******80"))
    }

    @Test func mobilesAreWholeIfAskedFor() async throws {
        let log = try await talk("--log-level", "trace", "--log-mobiles")
        #expect(log.contains("9876543210") && log.contains("9123456780"))
        #expect(!log.contains(Self.secret))
    }

    @Test func eachJSONLineParses() async throws {
        let log = try await talk("--log-level", "trace", "--log-format", "json")
        let rows = log.split(separator: "\n").map { Row(String($0)) }
        #expect(rows.count > 4)
        #expect(rows.allSatisfy { $0["time"] != nil && $0["level"] != nil && $0["message"] != nil })
    }

    /// A day in the life of a server: sessions, messages, bad frames, bad mobiles, a signal.
    private func talk(_ options: String...) async throws -> String {
        let server = try await Server.start(on: stage, options, port: 0)
        let asha = try stage.person("9876543210", on: server)
        let ravi = try stage.person("9123456780", on: server)
        let listener = try await ravi.listen("-n", "2")
        try await asha.run("send", "--to", ravi.mobile, Self.secret)
        try await asha.run("send", "--to", "9000000003", Self.secret)
        try await asha.run("who", ravi.mobile, asha.mobile)
        let raw = try await RawSession.open([asha.mobile], on: server)[0]
        raw.say(#"{"type":"message","to":"\#(ravi.mobile)","text":"\#(Self.secret)"}"#)
        raw.say(#"{"type":"\#(Self.secret)","to":"\#(ravi.mobile)"}"#)
        raw.say(#"{"\#(Self.secret)"#)
        try await listener.finish()
        let web = try Socket(port: server.port)
        web.write(Array("GET /ws/\(Self.secret) HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        #expect(try await blocking { web.readHead() }.hasPrefix("HTTP/1.1 4"))
        let answer = try await server.stop()
        #expect(answer.exit == .status(0))
        return answer.errors
    }
}
