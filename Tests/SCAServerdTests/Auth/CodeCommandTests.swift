import Foundation
import Testing

@testable import SCAServerd

@Suite struct CodeCommandTests {
    private func run(_ script: String, timeout: Int32 = 20_000, _ words: String...) -> CodeCommand.Outcome {
        CodeCommand(words: ["sh", "-c", script, "name"] + words, timeout: timeout).run("the code\n")
    }

    @Test func itsInputIsItsStdinAndItsWordsAreItsArguments() throws {
        let folder = try KeyFolder()
        let path = folder.file("out")
        #expect(run(#"cat > "$1"; echo "$@" >> "$1""#, path, "a  b", "$HOME") == .sent)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "the code\n\(path) a  b $HOME\n")
    }

    @Test func onlyExitZeroIsSent() {
        #expect(run("exit 3") == .exited(3))
        #expect(run("kill -9 $$") == .killed(signal: 9))
        #expect(run("exec <&-; exit 0") == .sent, "it need not read")
        #expect(CodeCommand(words: ["/no/such/program"], timeout: 1_000).run("x") == .notStarted(errno: ENOENT))
    }

    @Test func whatTakesTooLongIsKilledWithAllThatItStarted() throws {
        let folder = try KeyFolder()
        let path = folder.file("late")
        #expect(run(#"(sleep 60; touch "$1") & sleep 60"#, timeout: 100, path) == .timedOut)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func whatItLeavesBehindGoesOn() throws {
        let folder = try KeyFolder()
        let (out, go) = (folder.file("out"), folder.file("go"))
        for path in [out, go] { try #require(mkfifo(path, 0o600) == 0) }
        let reader = open(out, O_RDONLY | O_NONBLOCK)
        let writer = open(go, O_RDWR)
        defer { for descriptor in [reader, writer] { close(descriptor) } }
        #expect(run(#"exec 3> "$1"; (read word < "$2"; echo "$word" >&3) &"#, out, go) == .sent)
        #expect(write(writer, "went on\n", 8) == 8)
        // It waits for the word, or for the end of whoever was to say it.
        var ready = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        #expect(poll(&ready, 1, 60_000) == 1)
        var word = [UInt8](repeating: 0, count: 16)
        let count = read(reader, &word, 16)
        #expect(String(decoding: word.prefix(max(0, count)), as: UTF8.self) == "went on\n")
    }

    @Test func itHasNoDescriptorsButItsThree() throws {
        let folder = try KeyFolder()
        let path = folder.file("open")
        let descriptor = open("/dev/null", O_RDONLY)
        defer { close(descriptor) }
        #expect(run(#"ls /proc/$$/fd > "$1.new"; mv "$1.new" "$1""#, path) == .sent)
        let open = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").compactMap { Int32($0) }
        // The shell itself may use 10 and 255; what was open here is not there.
        #expect(!open.contains(descriptor) || descriptor == 10)
    }

    /// Each row: the program, and what is said of it at the start; nil if it can be run.
    @Test(
        arguments: [
            ("sh", nil), ("/bin/sh", nil), ("/nosuch", "there is no program /nosuch for --code-command"),
            ("nobody-has-this", "there is no program nobody-has-this in PATH for --code-command"),
            ("/etc/passwd", "the program /etc/passwd of --code-command cannot be executed"),
            ("/tmp", "the program /tmp of --code-command cannot be executed"),
        ] as [(String, String?)]
    )
    func aProgramThatCannotBeRunIsSaidAtTheStart(_ program: String, _ message: String?) async {
        var configuration = AuthConfiguration()
        configuration.mode = .code
        configuration.codeCommand = [program, "argument"]
        do {
            try CodeCommand.examine(configuration.codeCommand)
            #expect(message == nil)
        } catch {
            #expect(error.message == message && error.code == .badConfiguration && error.hint != nil)
        }
        guard let message else { return }
        // The server looks, too, before it needs keys.
        let log = ServerLog(logger: .init(label: "test"), showsMobiles: false)
        await #expect { try await Doorkeeper(configuration, log: log) } throws: { "\($0)".contains(message) }
    }
}
