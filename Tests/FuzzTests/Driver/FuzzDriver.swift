internal import Glibc

// What libFuzzer calls: it brings `main`, the command line and the mutations. `FUZZ_TARGET` names the target, since a binary
// for each of them would be the same code eight times. A finding ends the process, as a trap does: libFuzzer then writes the
// input down and names the file.

/// Chosen before the first run.
private let target: FuzzTarget = {
    let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
        fail("FUZZ_TARGET must be one of: \(FuzzTarget.all.map(\.name).joined(separator: " "))")
    }
    return target
}()

/// One input; the bytes are borrowed for the call. Returns 0, or not at all.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    do {
        try target.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
    } catch {
        fail("finding: \(error)")
    }
    return 0
}

private func fail(_ sentence: String) -> Never {
    let line = Array((sentence + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
    abort()
}
