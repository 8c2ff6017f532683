internal import Glibc

/// The tool that `scripts/simulate` builds: many seeds, or one with its whole story. Exits 1 if a seed breaks a promise.
@main
enum Simulate {
    private struct Options {
        var first: UInt64 = 1
        var count: UInt64 = 1_000
        var mutation: Mutation?
        var isTraced = false
        /// What was asked for makes no sense.
        var problem: String?

        init(_ words: [String]) {
            var words = words[...]
            while let word = words.popFirst() {
                switch word {
                case "--seeds": count = number(&words, word)
                case "--from": first = number(&words, word)
                case "--seed": (first, count) = (number(&words, word), 1)
                case "--trace": isTraced = true
                case "--mutation":
                    mutation = words.popFirst().flatMap(Mutation.init(rawValue:))
                    if mutation == nil { problem = "--mutation takes one of: \(Mutation.names)" }
                default: problem = "unknown: \(word)"
                }
            }
        }

        private mutating func number(_ words: inout ArraySlice<String>, _ name: String) -> UInt64 {
            if let number = words.popFirst().flatMap({ UInt64($0) }) { return number }
            problem = "\(name) takes a number"
            return 1
        }
    }

    static func main() {
        let options = Options(Array(CommandLine.arguments.dropFirst()))
        if let problem = options.problem {
            say("\(problem)\nusage: simulate [--seeds N] [--from S] [--seed S] [--trace] [--mutation NAME]")
            exit(64)
        }
        // Machines walk over sets: without this, a seed is one story in each process, and another in the next.
        if getenv("SWIFT_DETERMINISTIC_HASHING") == nil {
            say("set SWIFT_DETERMINISTIC_HASHING=1, or seeds do not repeat")
        }
        exit(run(options) ? 0 : 1)
    }

    private static func run(_ options: Options) -> Bool {
        var failures = 0
        var (steps, submitted, stored, arrivals) = (0, 0, 0, 0)
        for seed in options.first..<options.first + options.count {
            let outcome = Scenario.run(
                seed: seed,
                options.mutation,
                folder: "/dev/shm/sca-simulate-\(getpid())",
                write: options.isTraced ? { say($0) } : nil
            )
            steps += outcome.steps
            submitted += outcome.submitted
            stored += outcome.stored
            arrivals += outcome.arrivals
            guard let violation = outcome.violation else { continue }
            failures += 1
            say("seed \(seed): \(violation)")
        }
        say(
            "\(options.count) seeds, \(failures) failed; \(steps) steps, \(submitted) messages submitted, "
                + "\(arrivals) arrivals, \(stored) stored"
        )
        return failures == 0
    }

    private static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }
}

extension Mutation {
    /// All of them, for a usage line.
    fileprivate static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
