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
}
