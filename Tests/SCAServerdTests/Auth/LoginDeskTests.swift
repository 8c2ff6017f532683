import Foundation
import SCACore
import Testing

@testable import SCAServerd

/// Login by code over loopback, with a program that writes the code to a file.
@Suite(.serialized) struct LoginDeskTests {
    private let asha = "9876543210"

    private func post(_ port: Int, _ path: String, _ body: String, _ header: String = "X: y") throws -> String {
        let client = try RawClient(port: port)
        try client.send(
            "POST \(path) HTTP/1.1\r\nHost: test\r\n\(header)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        // Without the time of day, so that answers can be compared.
        return try client.readToEnd().replacing(/Date: [^\r]*\r\n/, with: "")
    }

    private func withDesk(
        _ change: (inout AuthConfiguration) -> Void = { _ in },
        command: String = #"mkdir -p "$0"; cat > "$0/new"; mv "$0/new" "$0/code""#,
        _ body: (Int, KeyFolder) async throws -> Void
    ) async throws {
        let folder = try KeyFolder()
        _ = try folder.makeKey("key")
        try await withServer {
            $0.auth.mode = .code
            $0.auth.signingKeyFile = folder.file("key")
            $0.auth.codeCommand = ["sh", "-c", command, folder.file("sent")]
            change(&$0.auth)
        } _: { _, port in
            try await body(port, folder)
        }
    }

    /// The code that was sent, once it was.
    private func code(_ folder: KeyFolder) async throws -> String {
        let path = folder.file("sent/code")
        while !FileManager.default.fileExists(atPath: path) { await Task.yield() }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try FileManager.default.removeItem(atPath: path)
        let match = try #require(text.wholeMatch(of: /\{"mobile":"(\d+)","code":"(\d{6})"\}\n/))
        #expect(match.output.1 == asha)
        return String(match.output.2)
    }

    @Test(.timeLimit(.minutes(10))) func aCodeGivesATokenThatAdmits() async throws {
        try await withDesk { port, folder in
            let offer = try post(port, "/login/code", #"{"mobile":"\#(asha)"}"#)
            #expect(offer.hasPrefix("HTTP/1.1 202 Accepted\r\n") && offer.hasSuffix(#"{"expires_s":300,"tries":5}"#))
            let code = try await code(folder)
            let wrong = code == "000000" ? "000001" : "000000"
            let refused = try post(port, "/login/token", #"{"mobile":"\#(asha)","code":"\#(wrong)"}"#)
            #expect(refused.hasPrefix("HTTP/1.1 401 "))
            let stranger = try post(port, "/login/token", #"{"mobile":"9000000000","code":"\#(code)"}"#)
            #expect(stranger == refused, "whether there is a code is nobody's business")
            let granted = try post(port, "/login/token", #"{"mobile":"\#(asha)","code":"\#(code)"}"#)
            #expect(granted.hasPrefix("HTTP/1.1 200 OK\r\n"))
            let token = try #require(granted.firstMatch(of: /\{"token":"([^"]+)"\}$/)).output.1
            let client = try RawClient(port: port)
            try client.send(RawClient.upgrade("/ws/\(asha)", protocols: "sca.v2, bearer.\(token)"))
            #expect(try client.readHead().hasPrefix("HTTP/1.1 101 "))
            #expect(try post(port, "/login/token", #"{"mobile":"\#(asha)","code":"\#(code)"}"#) == refused)
        }
    }

    @Test(arguments: [
        "", "{", "null", "[]", #"{"mobile":"12"}"#, #"{"mobile":9876543210}"#, "{\"mobile\":\"\u{0}\"}",
        #"{"mobile":"9876543210","x":"\#(String(repeating: "x", count: 1_100))"}"#,
    ])
    func whatMakesNoSenseIs400(_ body: String) async throws {
        try await withDesk { port, _ in
            for path in ["/login/code", "/login/token"] {
                let answer = try post(port, path, body)
                #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(path)")
            }
        }
    }

    @Test func whoAsksTooOftenIsToldWhenToComeBack() async throws {
        try await withDesk {
            $0.codesPerMobile = 2
        } _: { port, _ in
            let request = #"{"mobile":"\#(asha)"}"#
            for _ in 0..<2 { #expect(try post(port, "/login/code", request).hasPrefix("HTTP/1.1 202 ")) }
            let refused = try post(port, "/login/code", request)
            #expect(refused.hasPrefix("HTTP/1.1 429 "))
            let wait = try #require(refused.firstMatch(of: /Retry-After: (\d+)\r\n/)).output.1
            #expect((3_000...3_601).contains(Int(wait) ?? 0))
        }
    }

    @Test func onlyPostAndOnlyPagesOfOursAndOnlyInThisMode() async throws {
        try await withDesk { port, _ in
            let client = try RawClient(port: port)
            try client.send("GET /login/code HTTP/1.1\r\nHost: test\r\n\r\n")
            #expect(try client.readToEnd().hasPrefix("HTTP/1.1 405 "))
            let foreign = try post(port, "/login/code", #"{"mobile":"\#(asha)"}"#, "Origin: http://evil.example")
            #expect(foreign.hasPrefix("HTTP/1.1 403 "))
            #expect(try post(port, "/login/other", "{}").hasPrefix("HTTP/1.1 404 "))
        }
        try await withServer { _, port in
            let answer = try post(port, "/login/code", #"{"mobile":"\#(asha)"}"#)
            #expect(answer.hasPrefix("HTTP/1.1 404 "))
        }
    }

    /// The person is told nothing of it; the log says what went wrong, and neither code nor whole mobile.
    @Test(.timeLimit(.minutes(10))) func aFailingCommandIsLoggedWithoutTheCode() async throws {
        let folder = try KeyFolder()
        let key = try folder.makeKey("key")
        let log = CollectedLog()
        var configuration = AuthConfiguration()
        configuration.mode = .code
        configuration.codeCommand = ["sh", "-c", #"cat > "$0"; exit 9"#, folder.file("code")]
        let desk = LoginDesk(configuration, key, log: ServerLog(logger: log.logger, showsMobiles: false))
        let answer = await desk.answer(.code, Array(#"{"mobile":"\#(asha)"}"#.utf8), from: "a")
        #expect(answer.status == .accepted)
        while log.all.isEmpty { await Task.yield() }
        let text = try String(contentsOfFile: folder.file("code"), encoding: .utf8)
        let code = try #require(text.firstMatch(of: /"code":"(\d{6})"/)).output.1
        let said = log.all.joined(separator: "\n")
        #expect(said.contains("it exited with 9") && said.contains("98******10"))
        #expect(!said.contains(code) && !said.contains(asha))
        let tried = await desk.answer(.token, Array(#"{"mobile":"\#(asha)","code":"\#(code)"}"#.utf8), from: "a")
        #expect(tried.status == .unauthorized, "nobody can have got it")
        await desk.stop()
    }
}
