import Foundation
import Testing

/// Tokens and codes with the real programs.
@Suite(.serialized) struct AuthTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    /// A pair of keys, made by `scad token keygen`.
    private func makeKey(_ name: String = "key") async throws -> String {
        let path = "\(stage.folder)/\(name)"
        let made = try await stage.start("scad", ["token", "keygen", "--key", path]).finish()
        try #require(made.exit == .status(0), "\(made.errors)")
        #expect(made.lines == [path, path + ".pub"])
        #expect(try mode(path) == 0o600)
        return path
    }

    private func issue(_ mobile: String, ttl: String = "1h", key: String) async throws -> String {
        let words = ["token", "issue", "--mobile", mobile, "--ttl", ttl, "--key", key]
        let made = try await stage.start("scad", words).finish()
        try #require(made.exit == .status(0), "\(made.errors)")
        return made.output
    }

    private func tokenFile(_ person: Person) -> String { "\(person.folder)/state/sca/tokens/\(person.mobile).json" }

    @Test func fromTheKeyToAMessage() async throws {
        let key = try await makeKey()
        let (_, asha, ravi) = try await stage.scene("--auth", "token", "--token-key", key + ".pub")
        let refused = try await asha.run("who")
        #expect(refused.exit == .status(77))
        #expect(refused.errorRows.first?["hint"]?.contains("scactl login") == true)

        for person in [asha, ravi] {
            let token = try await issue(person.mobile, key: key)
            let login = try await person.run("login", person.mobile, "--token-file", "-", input: .text(token))
            #expect(login.exit == .status(0), "\(login.errors)")
            #expect(try mode(tokenFile(person)) == 0o600)
        }
        let listener = try await ravi.listen()
        #expect(try await asha.run("send", "--to", ravi.mobile, "let in").exit == .status(0))
        #expect(try await listener.rows(1).first?["text"] == "let in")

        // Ravi's token does not make Asha of him.
        let stolen = try await issue(ravi.mobile, key: key)
        #expect(
            try await asha.run("login", asha.mobile, "--token-file", "-", input: .text(stolen)).exit == .status(77)
        )
        #expect(try await asha.run("logout").exit == .status(0))
        #expect(!FileManager.default.fileExists(atPath: tokenFile(asha)))
        #expect(try await asha.run("who").exit == .status(77))
    }

    @Test func whenItsTokenEndsAListenerEndsWith77AndDoesNotComeBack() async throws {
        let key = try await makeKey()
        let (server, asha, _) = try await stage.scene(
            "--auth",
            "token",
            "--token-key",
            key + ".pub",
            "--cleanup-interval",
            "100ms",
            "--log-level",
            "debug"
        )
        let token = try await issue(asha.mobile, ttl: "15s", key: key)
        #expect(try await asha.run("login", asha.mobile, "--token-file", "-", input: .text(token)).exit == .status(0))
        let listener = try asha.start("listen")
        let ended = try await listener.finish()
        #expect(ended.exit == .status(77))
        #expect(ended.errors.contains("1008") && ended.errors.contains("expired"))
        // The login, the listener, and nobody since.
        let opened = server.program.errors.lines.filter { $0.contains("session opened") }
        let refused = server.program.errors.lines.filter { $0.contains("not admitted") }
        #expect(opened.count == 2 && refused.isEmpty, "\(server.program.errors.text)")
    }

    @Test func keysRollOnHangUp() async throws {
        let (old, new) = (try await makeKey("old"), try await makeKey("new"))
        let set = try stage.file("keys", try String(contentsOfFile: old + ".pub", encoding: .utf8))
        let (server, asha, ravi) = try await stage.scene("--auth", "token", "--token-key", set)
        let (ofOld, ofNew) = (try await issue(asha.mobile, key: old), try await issue(ravi.mobile, key: new))
        #expect(try await asha.run("login", asha.mobile, "--token-file", "-", input: .text(ofOld)).exit == .status(0))
        #expect(try await ravi.run("login", ravi.mobile, "--token-file", "-", input: .text(ofNew)).exit == .status(77))

        _ = try stage.file("keys", try String(contentsOfFile: new + ".pub", encoding: .utf8))
        server.program.signal(SIGHUP)
        try await server.program.said("read the keys again")
        #expect(try await ravi.run("login", ravi.mobile, "--token-file", "-", input: .text(ofNew)).exit == .status(0))
        #expect(try await asha.run("who").exit == .status(77))
    }

    @Test func aCodeLogsInThroughAPipe() async throws {
        let (server, asha, ravi) = try await codeScene()
        let login = try asha.start("login", asha.mobile, input: .open)
        let code = try await code(for: asha)
        login.write("\(code)\n")
        #expect(try await login.finish().exit == .status(0))
        #expect(try await asha.run("who").exit == .status(0))

        let other = try ravi.start("login", ravi.mobile, input: .open)
        let right = try await self.code(for: ravi)
        other.write(right == "000000" ? "000001\n" : "000000\n")
        let refused = try await other.finish()
        #expect(refused.exit == .status(77) && refused.errors.contains("scactl login \(ravi.mobile)"))
        let log = server.program.errors.text
        #expect(log.contains("login code sent") && !log.contains(code) && !log.contains(right))
    }

    /// The file comes after the code was asked for, and the second one in place of the first.
    @Test func aCodeLogsInThroughAFileThatIsNotThereYet() async throws {
        let (_, asha, _) = try await codeScene()
        let file = "\(stage.folder)/codes/\(asha.mobile)"
        for _ in 1...2 {
            let login = try await asha.run("login", asha.mobile, "--code-file", file, "--timeout", "2m")
            #expect(login.exit == .status(0), "\(login.errors)")
            #expect(try await asha.run("logout").exit == .status(0))
        }
    }

    @Test func rubbishIsRefusedBeforeAnythingHappens() async throws {
        let key = try await makeKey()
        for words in [
            ["token", "issue", "--key", key], ["token", "issue", "--mobile", "98", "--key", key],
            ["token", "issue", "--mobile", "9876543210", "--ttl", "soon", "--key", key],
            ["token", "issue", "--mobile", "9876543210", "--ttl", "0", "--key", key],
            ["token", "issue", "--mobile", "9876543210", "--ttl", "4000d", "--key", key],
            ["--auth", "token"], ["--auth", "code"], ["--auth", "maybe"],
            ["--auth", "code", "--token-signing-key", key], ["--allow-origin", "example.org"],
            ["--auth", "code", "--token-signing-key", key, "--code-command", "/nosuch"],
            ["--token-key", key + ".pub"], ["--token-signing-key", key], ["--code-command", "true"],
            ["--auth", "token", "--token-key", key + ".pub", "--code-command", "true"],
        ] {
            let finished = try await stage.start("scad", words + (words[0] == "token" ? [] : ["--port", "0"])).finish()
            #expect(finished.exit == .status(64), "\(words)")
            #expect(finished.output == "" && finished.errors != "", "\(words)")
        }
    }

    @Test func aKeyFileThatCannotBeUsedIs78() async throws {
        let key = try await makeKey()
        for words in [
            ["token", "issue", "--mobile", "9876543210", "--key", key + ".pub"], ["token", "keygen", "--key", key],
            ["--port", "0", "--auth", "token", "--token-key", key],
            ["--port", "0", "--auth", "token", "--token-key", key + ".none"],
        ] {
            let finished = try await stage.start("scad", words).finish()
            #expect(finished.exit == .status(78), "\(words)")
            #expect(finished.errors.hasPrefix("scad: cannot use the key file \(key)"), "\(words)")
        }
    }

    @Test func aCredentialOfTheServiceManagerMayBeReadableByItsGroup() async throws {
        let key = try await makeKey()
        #expect(chmod(key, 0o440) == 0)
        let words = ["token", "issue", "--mobile", "9876543210", "--key", key]
        let given = ["CREDENTIALS_DIRECTORY": String(key.dropLast(key.split(separator: "/").last!.count + 1))]
        #expect(try await stage.start("scad", words).finish().exit == .status(78))
        #expect(try await stage.start("scad", words, environment: given).finish().exit == .status(0))
        let elsewhere = ["CREDENTIALS_DIRECTORY": "/run/credentials/scad.service"]
        #expect(try await stage.start("scad", words, environment: elsewhere).finish().exit == .status(78))
        #expect(chmod(key, 0o444) == 0)
        #expect(try await stage.start("scad", words, environment: given).finish().exit == .status(78))
    }

    /// The example command, as an operator would name it.
    private func codeScene() async throws -> (Server, Person, Person) {
        let key = try await makeKey()
        let folder = "\(stage.folder)/codes"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let command = "\(ExampleScripts.folder)/code-to-file \(folder)"
        return try await stage.scene("--auth", "code", "--token-signing-key", key, "--code-command", command)
    }

    private func code(for person: Person) async throws -> String {
        let path = "\(stage.folder)/codes/\(person.mobile)"
        return try await eventually("a code for \(person.mobile)") {
            (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .newlines)
        }
    }
}
