internal import Glibc
internal import SCACore

/// The history and the disk that it is on. Nothing without a login: then there is no telling whose.
struct HistoryCheck: Sendable {
    private let invocation: Invocation

    init(_ invocation: Invocation) {
        self.invocation = invocation
    }

    func rows() async -> [CheckRow] {
        guard let mobile = try? invocation.mobile() else { return [] }
        let path: String
        do throws(SettingsError) { path = try invocation.paths.history(of: mobile) } catch {
            return [.failed(.history, CommandFailure(explaining: error))]
        }
        let desk = HistoryDesk(path: path)
        var facts: HistoryFacts
        do throws(HistoryError) { facts = try await desk.facts() } catch {
            return [.failed(.history, CommandFailure(explaining: error))]
        }
        // Every writer has it for a moment.
        if let holder = facts.holder {
            try? await invocation.context.time.sleep(.milliseconds(300))
            facts.holder = HistoryFacts.holder(of: path)?.process == holder.process ? holder : nil
        }
        return facts.rows
    }
}

/// What is known of a history file, and what that means. Pure, but for `init(path:)` and `holder(of:)`.
struct HistoryFacts: Hashable, Sendable {
    /// Who has it locked.
    struct Holder: Hashable, Sendable {
        var process: Int32
        var name: String
        /// By Ctrl-Z, say.
        var isStopped: Bool
    }

    let path: String
    /// Nil if there is no file yet.
    var file: File?
    /// The folder it is in, or is to be in: the one that is there.
    var folder = "/"
    var isFolderWritable = true
    /// What is left on its disk, in bytes; nil if the system does not say.
    var free: Int64?
    var holder: Holder?

    struct File: Hashable, Sendable {
        var isOurs = true
        var mode: mode_t = 0o600
        var isWritable = true
        var rows = 0
        /// Lines that are no rows.
        var badLines = 0
        /// What stands behind the last whole line, in bytes.
        var tornBytes: Int64 = 0
        /// Whether there was no time to look at all of it.
        var isCut = false
    }

    init(path: String) {
        self.path = path
    }

    var rows: [CheckRow] { history + disk }

    /// What is wrong with it, the worst first; that all is well, if nothing is.
    private var history: [CheckRow] {
        guard let file else {
            if isFolderWritable { return [.ok(.history, "none yet; the first message will make \(path)")] }
            return [.failed(.history, "\(folder) cannot be written to", hint: Self.writing)]
        }
        var faults: [CheckRow] = []
        if !file.isWritable {
            faults.append(.failed(.history, "\(path) cannot be written to", hint: Self.writing))
        }
        if let holder { faults.append(row(for: holder)) }
        if !file.isOurs {
            faults.append(
                .warning(.history, "\(path) belongs to another user", hint: "sudo chown \"$USER\" \(word)")
            )
        }
        if file.mode & 0o077 != 0 {
            faults.append(.warning(.history, "others can read \(path)", hint: "chmod 600 \(word)"))
        }
        let count = "\(file.isCut ? "more than " : "")\(file.rows) message\(file.rows == 1 ? "" : "s")"
        if file.tornBytes > 0 { faults.append(torn(file.tornBytes, behind: count)) }
        if file.badLines > 0 {
            let lines = "\(file.badLines) line\(file.badLines == 1 ? "" : "s")"
            let hint = "jq . \(word), to see where"
            faults.append(.warning(.history, "\(count), and \(lines) that cannot be read, in \(path)", hint: hint))
        }
        return faults.isEmpty ? [.ok(.history, "\(count) in \(path)")] : faults
    }

    private func row(for holder: Holder) -> CheckRow {
        let who = "\(path) is locked by \(holder.name), process \(holder.process)"
        if holder.isStopped { return .failed(.history, "\(who), which is stopped", hint: "fg, in its shell") }
        return .warning(.history, who, hint: "see what it does: ps -fp \(holder.process)")
    }

    /// The path as one word for a shell.
    private var word: String {
        let isPlain = path.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+@".contains($0)) }
        return isPlain
            ? path : "'\(path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#))'"
    }

    private func torn(_ bytes: Int64, behind count: String) -> CheckRow {
        .warning(
            .history,
            "\(count), and a torn last line (\(bytes) bytes), in \(path)",
            hint: "nothing: the next message sets it aside"
        )
    }

    private var disk: [CheckRow] {
        guard let free else { return [] }
        let words = "\(Self.size(free)) are left in \(folder)"
        if free <= 0 { return [.failed(.disk, "no space is left in \(folder)", hint: Self.space)] }
        return [free < 100 << 20 ? .warning(.disk, words, hint: Self.space) : .ok(.disk, words)]
    }

    private static func size(_ bytes: Int64) -> String {
        if bytes < 10 << 20 { return "\(bytes >> 10) KiB" }
        return bytes < 10 << 30 ? "\(bytes >> 20) MiB" : "\(bytes >> 30) GiB"
    }

    private static let writing = "make it yours to write (chown, chmod u+rw), or set XDG_DATA_HOME to a folder that is"
    private static let space = "free some space there, or set XDG_DATA_HOME to a folder on another disk"
}
