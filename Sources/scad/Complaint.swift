internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import SCACommandLine
internal import SCAServerd

/// Why `scad` cannot do what it was told, for the person who started it: a sentence, what to do next, an exit status.
///
/// The argument parser would print its own form, with the usage of forty options below; both programs of ours say it the same way.
struct Complaint: Error, Hashable, Sendable {
    /// Without a full stop: what was found, what was expected.
    let message: String
    /// What to type or do next.
    let hint: String
    let status: Int32

    init(_ message: String, hint: String, status: Int32) {
        (self.message, self.hint, self.status) = (message, hint, status)
    }

    init(_ error: ServerError) {
        let (status, usual): (Int32, String) =
            switch error.code {
            case .badConfiguration: (EX_USAGE, "scad --help")
            case .badKeyFile: (EX_CONFIG, "scad token keygen")
            case .badCertificate: (EX_CONFIG, "name two files in PEM with --tls-cert and --tls-key")
            case .cannotListen: (EX_UNAVAILABLE, "scad --host 127.0.0.1 --port 0")
            }
        self.init(error.message, hint: error.hint ?? usual, status: status)
    }

    /// Standard output could not be written.
    static func output(_ number: Int32) -> Complaint {
        let reason = String(cString: strerror(number))
        return Complaint("cannot write to stdout: \(reason)", hint: "see where stdout leads to", status: EX_IOERR)
    }

    /// The lines for stderr.
    var text: String { "scad: \(message)\n  try: \(hint)\n" }
}

extension Scad {
    /// Ends the process as an error asks for: help and the version are written to stdout, everything else is a complaint.
    static func end(with error: any Error) -> Never {
        switch error {
        case let complaint as Complaint: end(with: complaint)
        case let error as ServerError: end(with: Complaint(error))
        case let error as ExitCode: Glibc.exit(error.rawValue)
        case _ where exitCode(for: error) == .success:
            do { try StandardOutput.write(fullMessage(for: error) + "\n") } catch { end(with: error) }
            Glibc.exit(0)
        default:
            let said = message(for: error)
            let dashed = ParserMessage.dashedValue(said, Array(CommandLine.arguments.dropFirst()))
            end(
                with: Complaint(
                    dashed?.message ?? ParserMessage.sentence(said),
                    hint: dashed?.hint ?? helpCommand,
                    status: EX_USAGE
                )
            )
        }
    }

    /// What tells of the options that were used.
    private static var helpCommand: String {
        let words = CommandLine.arguments.dropFirst().prefix(2)
        guard words.first == "token" else { return "scad --help" }
        let isKnown = ["keygen", "issue"].contains(words.last)
        return isKnown ? "scad help \(words.joined(separator: " "))" : "scad help token"
    }

    private static func end(with complaint: Complaint) -> Never {
        StandardError.write(complaint.text)
        Glibc.exit(complaint.status)
    }
}
