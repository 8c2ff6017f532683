internal import Glibc

/// Why the history could not be read or written: what was found, and what to do about it.
public struct HistoryError: Error, Sendable, Hashable {
    /// The kinds of failure, for programs.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The path is a symbolic link, a folder, a pipe or anything else that is not a regular file.
        case notAFile = "not_a_file"
        /// The system refused: permissions, a read-only file system.
        case denied
        /// No space is left, a quota is used up, or the file may not grow further.
        case full
        /// Another process held the lock for too long.
        case locked
        /// A row is longer than a line of the history may be.
        case rowTooLong = "row_too_long"
        /// Any other failure of a system call.
        case io
    }

    /// The kind of failure.
    public let code: Code

    /// What was found and where: a sentence without its full stop.
    public var message: String { outcome.map { "\(cause); \($0)" } ?? cause }

    /// The same without what became of the rows at hand.
    public let cause: String

    /// What became of the rows at hand, if that is worth saying.
    let outcome: String?

    /// What to do: a sentence without its full stop.
    public let hint: String

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: the kind of failure.
    ///   - message: what was found and where, without a full stop.
    ///   - outcome: what is now true of the rows at hand, if that is worth saying: `nothing was stored`.
    ///   - hint: what to do, without a full stop.
    public init(code: Code, message: String, outcome: String? = nil, hint: String) {
        self.code = code
        cause = message
        self.outcome = outcome
        self.hint = hint
    }
}

extension HistoryError: CustomStringConvertible {
    /// The message and the hint as two sentences.
    public var description: String { "\(message). \(hint)." }
}

extension HistoryError {
    /// Explains a failed system call.
    ///
    /// - Parameters:
    ///   - doing: what was being done, to go after "cannot": `write`.
    ///   - path: the file.
    ///   - outcome: what is now true of the rows at hand, if that is worth saying: `nothing was stored`.
    init(_ doing: String, _ path: String, _ cause: SystemError, outcome: String? = nil) {
        self.cause = "cannot \(doing) \(path): \(cause.reason)"
        self.outcome = outcome
        switch cause.number {
        case ENOSPC, EDQUOT, EFBIG:
            code = .full
            hint = "free some space there (or raise the limit)"
        case EACCES, EPERM, EROFS:
            code = .denied
            hint = "make it yours to write (chown, chmod u+rw), or set XDG_DATA_HOME to a folder that is"
        case ENOTDIR, EISDIR:
            code = .notAFile
            hint = "move what is in the way aside, or set XDG_DATA_HOME to another folder"
        default:
            code = .io
            hint = "check that disk, or set XDG_DATA_HOME to a folder on another one"
        }
    }

    static func notARegularFile(_ path: String, what: String) -> HistoryError {
        HistoryError(
            code: .notAFile,
            message: "\(path) is \(what); expected a regular file",
            hint: "move it aside, or set XDG_DATA_HOME to another folder"
        )
    }
}
