internal import CFuzzer
internal import Glibc

/// Runs libFuzzer over one target: it brings the command line, the mutations and the corpus.
///
/// `FUZZ_TARGET` names the target, since a binary for each of them would be the same code eight times. A finding ends the
/// process, as a trap does: libFuzzer then writes the input down and names the file.
@main
enum FuzzDriver {
    /// Chosen before the first run.
    private static let target: FuzzTarget = {
        let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
            fail("FUZZ_TARGET must be one of: \(FuzzTarget.all.map(\.name).joined(separator: " "))")
        }
        return target
    }()

    static func main() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &arguments) { FuzzDriver.run($0, $1) })
    }

    /// One input; the bytes are borrowed for the call. Returns 0, or not at all.
    private static func run(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
        do {
            try target.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
        } catch {
            fail("finding: \(error)")
        }
        return 0
    }

    private static func fail(_ sentence: String) -> Never {
        let line = Array((sentence + "\n").utf8)
        _ = write(STDERR_FILENO, line, line.count)
        abort()
    }
}
