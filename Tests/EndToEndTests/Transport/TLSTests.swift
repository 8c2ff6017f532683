import Foundation
import SCATesting
import Testing

/// `scad` and `scactl` over TLS, with an authority that is made for each test.
@Suite(.serialized) struct TLSTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func twoPeopleTalk() async throws {
        let certificates = try Certificates(on: stage)
        let server = try await certificates.server("--threads", "2")
        let asha = try certificates.person("9876543210", on: server)
        let ravi = try certificates.person("9123456780", on: server)
        let listener = try await ravi.listen()
        try await asha.sees(ravi)
        let lines = (0..<500).map { "line \($0)" }
        let words = lines.joined(separator: "\n")
        let sent = try await asha.run("send", "-l", "--to", ravi.mobile, input: .text(words))
        #expect(sent.exit == .status(0))
        #expect(Set(sent.rows["status"]) == ["stored"])
        #expect(try await listener.rows(500)["text"] == lines)
        #expect(ravi.history["text"] == lines)
        let health = try await asha.run("health")
        #expect(health.exit == .status(0) && health.rows.first?.number("connections") == 1)
        #expect(try await server.stop().exit == .status(0))
    }

    @Test func longMessagesComeWhole() async throws {
        let certificates = try Certificates(on: stage)
        let server = try await certificates.server()
        let asha = try certificates.person("9876543210", on: server)
        let ravi = try certificates.person("9123456780", on: server)
        let listener = try await ravi.listen()
        let text = String(repeating: "नमस्ते 👋 ", count: 2_500)
        let sent = try await asha.run("send", "--to", ravi.mobile, input: .text(text))
        #expect(sent.rows["status"] == ["stored"])
        #expect(try await listener.rows(1)["text"] == [text])
    }

    @Test func renewedCertificateIsTakenWhileASessionTalks() async throws {
        let certificates = try Certificates(on: stage)
        let server = try await certificates.server()
        let asha = try certificates.person("9876543210", on: server)
        let ravi = try certificates.person("9123456780", on: server)
        let listener = try await ravi.listen()
        let sender = try asha.start("send", "-l", "-v", "--to", ravi.mobile, input: .open)
        sender.write("before\n")
        try await sender.rows(1)

        let successor = try TestAuthority("the next of a test")
        let next = try stage.file("next.pem", successor.certificate)
        try certificates.install(successor.issue())
        server.program.signal(SIGHUP)
        try await server.program.said("certificate reloaded")

        // The same two connections go on; a new one meets the new certificate.
        sender.write("after\n")
        #expect(try await sender.rows(2)["status"] == ["stored", "stored"])
        #expect(try await listener.rows(2)["text"] == ["before", "after"])
        #expect(try await asha.run("health", "--ca-file", next).rows.first?.number("connections") == 2)
        let stale = try await asha.run("health")
        #expect(stale.exit == .status(69))
        #expect(stale.errorRows["code"] == ["tls_failed"])
        for program in [sender, listener] { #expect(!program.errors.text.contains("reconnect")) }

        // What cannot be used is said, and changes nothing.
        _ = try stage.file("cert.pem", "nothing")
        server.program.signal(SIGHUP)
        let sentence = try await server.program.said("error the old certificate is kept")
        #expect(sentence.contains("\(certificates.certificate) of --tls-cert has no certificate in PEM"))
        #expect(try await asha.run("health", "--ca-file", next).exit == .status(0))
        sender.write("still here\n")
        sender.closeInput()
        #expect(try await sender.finish().exit == .status(0))
        #expect(try await listener.rows(3)["text"] == ["before", "after", "still here"])
    }

    @Test func hangupWithoutTLSIsHarmless() async throws {
        let (server, asha, _) = try await stage.scene()
        server.program.signal(SIGHUP)
        try await server.program.said("nothing to reload")
        #expect(try await asha.run("health").exit == .status(0))
    }

    @Test func loginRemembersTheAuthorityForItsServerAlone() async throws {
        let certificates = try Certificates(on: stage)
        let server = try await certificates.server()
        var asha = try stage.person("9876543210", on: nil)
        asha.environment["SCACTL_MOBILE"] = nil
        // A relative name holds wherever later commands are run.
        let login = try await asha.shell(
            "scactl login \(asha.mobile) -s \(server.url) --ca-file ../ca.pem"
        ).finish()
        #expect(login.exit == .status(0))
        #expect(try await asha.run("who").exit == .status(0))
        #expect(try await asha.run("health").exit == .status(0))
        let elsewhere = try await asha.run("health", "-s", "wss://localhost:\(server.port)")
        #expect(elsewhere.exit == .status(69))
        let errors = elsewhere.errorRows["message"].joined()
        #expect(errors.contains("from an authority that this system does not know"))
        #expect(try await asha.run("logout").exit == .status(0))
        #expect(try await asha.run("health", "-s", server.url).exit == .status(69))
    }

    /// Other people's TLS on the other end: Python's.
    @Test(.needsInteropPython) func baseClientTalksOverTLS() async throws {
        let certificates = try Certificates(on: stage)
        let server = try await certificates.server()
        let ravi = try certificates.person("9123456780", on: server)
        let listener = try await ravi.listen()
        guard let python = Interop.python else { return }
        let client = try stage.start(
            python,
            [Interop.script("base_pipe.py"), "\(server.url)/ws/9876543210"],
            environment: ["SSL_CERT_FILE": certificates.caFile],
            input: .open
        )
        try await client.lines(1, within: Interop.patience)
        client.write(#"{"type":"message","to":"9123456780","text":"over TLS"}"# + "\n")
        #expect(try await listener.rows(1)["text"] == ["over TLS"])
        client.closeInput()
        #expect(try await client.finish(within: Interop.patience).lines.last == "# 1000")
    }
}
