import Foundation
import SCATesting
import Testing

/// TLS that does not come about: a sentence and an exit status for each reason, at both ends.
@Suite(.serialized) struct TLSRefusalTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    enum Fault: String, CaseIterable, Sendable {
        case expired, early, selfSigned, stranger, otherHost

        var sentence: String {
            switch self {
            case .expired: "expired 2 days ago"
            case .early: "is not valid yet"
            case .selfSigned: "is not trusted: it is self-signed"
            case .stranger: "is not trusted: it is from an authority that is not in "
            case .otherHost: "is for another host than 127.0.0.1"
            }
        }

        func pair(by authority: TestAuthority) throws -> TestAuthority.KeyPair {
            let day: TimeInterval = 86_400
            return switch self {
            case .expired: try authority.issue { ($0.start, $0.end) = (-9 * day, -2.5 * day) }
            case .early: try authority.issue { ($0.start, $0.end) = (2 * day, 9 * day) }
            case .selfSigned: try TestAuthority.selfSigned()
            case .stranger: try TestAuthority("a stranger").issue()
            case .otherHost: try authority.issue { ($0.names, $0.addresses) = (["chat.example"], []) }
            }
        }
    }

    @Test(arguments: Fault.allCases) func certificateThatIsNotRightIs69(_ fault: Fault) async throws {
        let certificates = try Certificates(on: stage)
        try certificates.install(fault.pair(by: certificates.authority))
        let server = try await certificates.server()
        let asha = try certificates.person("9876543210", on: server)
        for command in ["health", "who", "listen"] {
            let answer = try await asha.run(command)
            #expect(answer.exit == .status(69))
            #expect(answer.output.isEmpty)
            #expect(answer.errorRows["code"] == ["tls_failed"])
            let message = answer.errorRows["message"].joined()
            #expect(message.hasPrefix("the certificate of \(server.url) \(fault.sentence)"), "\(message)")
            #expect(answer.errorRows["hint"].count == 1)
        }
        let isOutOfDate = fault == .expired || fault == .early
        #expect(server.program.errors.text.contains("the certificate is of no use") == isOutOfDate)
    }

    @Test func systemsAuthoritiesDoNotKnowTheOneOfATest() async throws {
        let certificates = try Certificates(on: stage)
        let server = try await certificates.server()
        let asha = try stage.person("9876543210", on: server)
        let answer = try await asha.run("who")
        #expect(answer.exit == .status(69))
        let message = answer.errorRows["message"].joined()
        #expect(message.hasSuffix("it is from an authority that this system does not know"))
        #expect(answer.errorRows["hint"].joined().contains("--ca-file"))
    }

    @Test func tlsToAServerInTheClearIs69() async throws {
        let server = try await stage.server()
        let asha = try stage.person("9876543210", on: server)
        let secure = "wss://127.0.0.1:\(server.port)"
        for command in ["health", "who"] {
            let answer = try await asha.run(command, "-s", secure)
            #expect(answer.exit == .status(69))
            #expect(answer.errorRows["message"] == ["what answers at \(secure) does not speak TLS"])
        }
    }

    @Test func inTheClearToAServerOnTLSIs69() async throws {
        let certificates = try Certificates(on: stage)
        let server = try await certificates.server()
        let asha = try stage.person("9876543210", on: server)
        let plain = "ws://127.0.0.1:\(server.port)"
        for command in ["health", "who"] {
            let answer = try await asha.run(command, "-s", plain)
            #expect(answer.exit == .status(69))
            #expect(answer.errorRows["message"] == ["what answers at \(plain) wants TLS"])
            #expect(answer.errorRows["hint"] == ["try \(server.url)"])
        }
    }

    /// What servers say that know nothing of HTTP in the clear (RFC 8446 6), and what nginx says.
    @Test(arguments: [
        "\u{15}\u{3}\u{1}\u{0}\u{2}\u{2}\u{46}",
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 49\r\n\r\nThe plain HTTP request was sent to HTTPS port\r\n\r\n",
    ]) func serversThatWantTLSAreKnownByTheirAnswer(_ answer: String) async throws {
        let fake = try FakeServer(on: stage) { peer in
            _ = peer.readHead()
            peer.write(Array(answer.utf8))
            peer.drain()
        }
        let asha = try stage.person("9876543210", on: nil)
        for command in ["health", "who"] {
            let answer = try await asha.run(command, "-s", fake.url)
            #expect(answer.exit == .status(69))
            #expect(answer.errorRows["message"] == ["what answers at \(fake.url) wants TLS"])
        }
    }

    @Test func authoritiesThatCannotBeReadAre78() async throws {
        let certificates = try Certificates(on: stage)
        let server = try await certificates.server()
        let asha = try stage.person("9876543210", on: server)
        let empty = try stage.file("empty.pem", "nothing\n")
        let found = [
            "/nowhere.pem": "does not exist", stage.folder: "is not a regular file", empty: "has no certificate",
        ]
        for (path, sentence) in found {
            for command in ["health", "who"] {
                let answer = try await asha.run(command, "--ca-file", path)
                #expect(answer.exit == .status(78))
                #expect(answer.errorRows["message"].joined().hasPrefix("the CA file \(path) \(sentence)"))
            }
        }
    }

    @Test func authoritiesForAServerInTheClearAre64() async throws {
        let (server, asha, _) = try await stage.scene()
        let answer = try await asha.run("health", "--ca-file", "/nowhere.pem")
        #expect(answer.exit == .status(64))
        #expect(answer.errorRows["message"] == ["--ca-file is for wss:// servers, and \(server.url) is in the clear"])
        var ravi = asha
        ravi.environment["SCACTL_CA_FILE"] = "/nowhere.pem"
        #expect(try await ravi.run("health").exit == .status(0))
    }

    @Test func daemonSaysWhatIsWrongWithItsFiles() async throws {
        let certificates = try Certificates(on: stage)
        let words = ["--tls-cert", "/nowhere.pem", "--tls-key", certificates.key]
        let missing = try await stage.start("scad", words).finish()
        #expect(missing.exit == .status(78))
        let hint = "\n  try: name two files in PEM with --tls-cert and --tls-key\n"
        #expect(missing.errors == "scad: the file /nowhere.pem of --tls-cert does not exist" + hint)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: certificates.key)
        let open = try await stage.start("scad", certificates.options).finish()
        #expect(open.exit == .status(78))
        #expect(open.errors.hasPrefix("scad: the file \(certificates.key) of --tls-key is open to everybody"))
        #expect(open.errors.hasSuffix("\n  try: chmod o= \(certificates.key)\n"))
        for (option, other) in [("--tls-cert", "--tls-key"), ("--tls-key", "--tls-cert")] {
            let lonely = try await stage.start("scad", [option, certificates.key]).finish()
            #expect(lonely.exit == .status(64))
            #expect(lonely.errors.contains("\(option) \(certificates.key) is of no use alone"))
            #expect(lonely.errors.contains("with \(other)"))
        }
        let variables = ["SCAD_TLS_CERT": certificates.certificate, "SCAD_TLS_KEY": "/nowhere.pem"]
        let given = try await stage.start("scad", [], environment: variables).finish()
        #expect(given.exit == .status(78))
        #expect(given.errors == "scad: the file /nowhere.pem of --tls-key does not exist" + hint)
    }

    @Test(arguments: [
        ["--behind-proxy", "0.0.0.0/0"], ["--behind-proxy", "proxy.example"], ["--behind-proxy", "10.0.0.0/33"],
        ["--proxy-header", "forwarded"], ["--behind-proxy", "10.0.0.1", "--proxy-header", "x-real-ip"],
    ]) func proxiesThatCannotBeTrustedAre64(_ words: [String]) async throws {
        let answer = try await stage.start("scad", words).finish()
        #expect(answer.exit == .status(64))
        #expect(answer.errors.hasPrefix("scad: \(words[words.count - 2])"))
    }

    @Test func whoServesOthersIsWarnedOfWhatTheyCanDo() async throws {
        let certificates = try Certificates(on: stage)
        let key = "\(stage.folder)/key"
        #expect(try await stage.start("scad", ["token", "keygen", "--key", key]).finish().exit == .status(0))
        let (clear, anyone, metrics) = ("others can reach this server", "can be anyone", "others can read the metrics")
        func said(_ host: String, _ options: [String] = []) async throws -> [String] {
            let program = try stage.start("scad", ["--host", host, "--port", "0"] + options)
            try await program.said("listening on ws")
            program.signal(SIGTERM)
            let errors = try await program.finish().errors
            return [clear, anyone, metrics].filter { errors.components(separatedBy: $0).count == 2 }
        }
        let tokens = ["--auth", "token", "--token-key", key + ".pub"]
        #expect(try await said("0.0.0.0") == [clear, anyone])
        #expect(try await said("0.0.0.0", ["--behind-proxy", "127.0.0.1"]) == [anyone])
        #expect(try await said("127.0.0.1", ["--behind-proxy", "127.0.0.1"]) == [anyone])
        #expect(try await said("0.0.0.0", certificates.options) == [anyone])
        #expect(try await said("0.0.0.0", certificates.options + tokens) == [])
        #expect(try await said("0.0.0.0", tokens) == [clear])
        #expect(try await said("127.0.0.1", ["--metrics", "0"]) == [])
        #expect(try await said("127.0.0.1", ["--metrics", "0.0.0.0:0"]) == [metrics])
    }
}
