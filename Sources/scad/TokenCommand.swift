internal import ArgumentParser
internal import Glibc
internal import SCACore
internal import SCAServerd

/// `scad token …`: the keys and tokens of `scad --auth token`. They need no server: whoever has the private key makes
/// tokens, on any machine.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make keys and tokens for --auth.",
        subcommands: [Keygen.self, Issue.self]
    )

    /// Where a private key is unless somebody says so.
    static let usualKey = "sca-token.jwk"

    /// `scad token keygen`: a new pair of keys.
    struct Keygen: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "keygen",
            abstract: "Make a pair of keys.",
            discussion: """
                The private key goes to the file (0600), the public part to the same name with .pub, for scad --token-key.
                """
        )

        @Option(
            help: ArgumentHelp("File for the private key; it must not be there yet.", valueName: "file"),
            completion: .file()
        )
        var key = TokenCommand.usualKey

        func run() throws {
            Memory.forbidDumps()
            let made = try SigningKey()
            try made.save(to: key)
            do { try StandardOutput.write("\(key)\n\(key).pub\n") } catch {
                // It failed, and may be tried again.
                for name in [key, key + ".pub"] { unlink(name) }
                throw error
            }
            StandardError.write("made the key \(made.name); serve with: scad --auth token --token-key \(key).pub\n")
        }
    }

    /// `scad token issue`: a token for one mobile.
    struct Issue: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "issue",
            abstract: "Make a token that admits one mobile.",
            discussion: "Prints the token. Its owner logs in with: scactl login MOBILE --token-file -"
        )

        @Option(
            help: ArgumentHelp("Whom it admits: 10 to 32 digits.", valueName: "mobile"),
            transform: { try OptionValue.mobile.read($0) }
        )
        var mobile: Mobile

        @Option(.duration, help: "How long it is good, 1s to 3650d. (default: 30d)")
        var ttl: Duration?

        @Option(help: ArgumentHelp("What its aud names: the server's --token-audience.", valueName: "name"))
        var audience = "sca"

        @Option(
            help: ArgumentHelp("File with the private key, from scad token keygen.", valueName: "file"),
            completion: .file()
        )
        var key = TokenCommand.usualKey

        private var lifetime: Duration { ttl ?? .seconds(30 * 86_400) }

        func validate() throws {
            guard lifetime >= .seconds(1), lifetime <= AuthConfiguration.longestLifetime else {
                throw ValidationError("--ttl must be 1s to 3650d")
            }
            guard !audience.isEmpty else { throw ValidationError("--audience must not be empty") }
        }

        func run() throws {
            Memory.forbidDumps()
            let key = try SigningKey(from: key)
            let (mobile, lifetime, audience) = (mobile, lifetime, audience)
            // Not structured: signing is asynchronous, and this is all that the process does.
            Task {
                do {
                    let now = TokenCommand.unixMilliseconds()
                    let token = try await key.token(for: mobile, lifetime: lifetime, audience: audience, now: now)
                    try StandardOutput.write(token + "\n")
                    Glibc.exit(0)
                } catch {
                    Scad.end(with: error)
                }
            }
            while true { pause() }
        }
    }

    private static func unixMilliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// The standard output stream, unbuffered.
enum StandardOutput {
    /// Writes the text at once.
    ///
    /// - Throws: status 74 if it cannot be written; a reader that is gone ends the process by SIGPIPE, as it does with any tool.
    static func write(_ text: String) throws(Complaint) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .output(errno) }
            rest = rest.dropFirst(count)
        }
    }
}
