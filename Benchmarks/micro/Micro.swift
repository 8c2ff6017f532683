internal import Glibc

/// What the pure parts cost: a plain loop around each, all of them in turn, round by round. Prints a line of JSON for each case: the
/// median of its rounds in nanoseconds, and allocations, for one operation. `scripts/bench micro` builds and runs it.
///
/// A loop rather than a package for benchmarks: what is wanted is a number for one operation, and counting allocations takes no more
/// than a `malloc` of our own (`CCount`).
@main
enum Micro {
    static func main() throws {
        let words = CommandLine.arguments.dropFirst()
        let folder = "/dev/shm/sca-micro-\(getpid())"
        guard mkdir(folder, 0o700) == 0 else { throw Failure("cannot make \(folder)") }
        defer { _ = rmdir(folder) }
        var meter = Meter(rounds: words.contains("--quick") ? 1 : 9)
        meter.cases += try WireCases.all() + HubCases.all() + HistoryCases.all(folder: folder)
        meter.run()
        try HistoryCases.end(folder: folder)
        for line in meter.lines { say(line) }
    }

    private static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }
}

/// Something that is measured does not do what it should.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
