import Foundation
import Testing

/// What is printed, to the byte where programs depend on it.
@Suite(.serialized) struct RowTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func eachRowHasItsKeysInOrder() async throws {
        let server = try await stage.lastingServer()
        let asha = try stage.person("9876543210", on: server)
        let ravi = try stage.person("9123456780", on: server)
        let listener = try await ravi.listen("--events", "message,presence,status")
        let watcher = try await asha.listen()
        var printed = try await asha.run("login", asha.mobile).output
        printed += try await asha.run("health").output
        printed += try await asha.run("who").output
        let record = #"{"to":["\#(ravi.mobile)","9000000003"],"text":"hi","ref":"r"}"#
        printed += try await asha.run("send", "-j", input: .text(record)).output
        printed += try await asha.run("send", "--to", "9000000003", "x").output
        printed += try await asha.run("history").output
        printed += try await asha.run("who", "-s", "ws://127.0.0.1:1").errors
        printed += try await asha.run("send", "-j", input: .text("{\n")).errors
        watcher.signal(SIGTERM)
        try await watcher.finish()
        try await eventually("Asha to go") { listener.output.text.contains(#""online":false"#) }
        try await server.kill()
        try await eventually("a reconnect") { listener.output.text.contains("reconnecting") }
        _ = try await server.restarted(on: stage)
        try await eventually("the connection") { listener.output.text.contains(#""reconnected""#) }
        printed += listener.output.text

        // jq shows the keys as they stand, and fails on whatever is not JSON.
        let found = try await stage.start(
            "/bin/sh",
            ["-c", #"jq -r '[.type, .state // empty, (keys_unsorted | join(","))] | join(" ")' | sort -u"#],
            input: .text(printed)
        ).finish()
        #expect(found.exit == .status(0), "\(found.errors)")
        #expect(
            found.lines == [
                "error type,code,message,hint,exit",
                "error type,code,message,hint,exit,line",
                "health type,ok,status,connections,server,ms",
                "login type,mobile,server,dialect",
                "message type,id,ts,dir,from,to,text",
                "message type,id,ts,dir,from,to,text,status",
                "presence type,mobile,online,ts",
                "sent type,id,ref,to,status,ts,ms",
                "sent type,id,to,status,ts,ms",
                "status connected type,state,ts",
                "status reconnected type,state,gap_ms,ts",
                "status reconnecting type,state,attempt,ts",
                "user type,mobile,online",
            ]
        )
    }

    @Test func rowsAreOneLineOfUTF8WithoutBlanks() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen("-n", "1")
        try await asha.run("send", "--to", ravi.mobile, "é 👍\n\"x\"\\\t\u{1}")
        let answer = try await listener.finish()
        #expect(answer.lines.count == 1)
        #expect(answer.output.hasSuffix(#""text":"é 👍\n\"x\"\\\t\u0001"}"# + "\n"))
    }

    @Test func textHasNoControlBytesOfOthers() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen("-n", "1", "-o", "text")
        let hostile = "\u{1B}]0;owned\u{7}\u{1B}[2J\r\u{8}two\nlines\u{9B}31m\u{7F}\u{202E}"
        try await asha.run("send", "--to", ravi.mobile, hostile)
        for output in [try await listener.finish().output, try await ravi.run("history", "-o", "text").output] {
            #expect(output.hasSuffix("\n"))
            let scalars = output.dropLast().unicodeScalars
            #expect(scalars.allSatisfy { $0.properties.generalCategory != .control && $0 != "\u{202E}" })
            #expect(output.contains("two") && output.contains("lines"))
        }
    }

    @Test func standardOutputHasRowsOnly() async throws {
        let (_, asha, ravi) = try await stage.scene()
        let listener = try await ravi.listen("--events", "message,presence,status", "-n", "1")
        let answers = [
            try await asha.run("send", "-v", "--to", ravi.mobile, "hi"), try await asha.run("who", "-v"),
            try await asha.run("health", "-v"), try await asha.run("send", "-v", "-l", "--to", "12"),
            try await asha.run("login", "-v", asha.mobile), try await listener.finish(),
        ]
        for answer in answers {
            #expect(answer.rows.allSatisfy { $0["type"] != nil && $0["type"] != "error" })
        }
        #expect(answers.contains { !$0.errors.isEmpty })
    }

    @Test func helpAndVersionGoToStandardOutput() async throws {
        let asha = try stage.person("9876543210", on: nil)
        for words in [["--help"], ["send", "--help"], ["--version"]] {
            let answer = try await stage.start("scactl", words, environment: asha.environment).finish()
            #expect(answer.exit == .status(0))
            #expect(!answer.output.isEmpty && answer.errors.isEmpty)
        }
    }
}
