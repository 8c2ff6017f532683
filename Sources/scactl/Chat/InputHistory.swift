internal import FoundationEssentials
internal import Glibc

/// The lines typed at the prompt, on disk: one a line, `\n` for a line break and `\\` for a backslash. Mode 0600: what is typed is
/// as private as what is stored.
///
/// readline's own file was rejected: it takes a pasted line that begins with `#` and a digit for a time stamp. What cannot be
/// read or written is left alone: this may be lost without harm, and is no reason to disturb a conversation.
struct InputHistory: Sendable {
    /// How many lines are loaded. The file is cut back to so many when it has twice as many.
    static let limit = 1_000

    /// In a folder that must be there.
    let path: String

    /// The last lines, oldest first.
    func load() -> [String] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        if lines.count > 2 * Self.limit { cut(to: lines.suffix(Self.limit)) }
        return lines.suffix(Self.limit).map(Self.decoded)
    }

    /// Adds a line. Several processes may do so at once.
    func append(_ line: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array((Self.encoded(line) + "\n").utf8)
        _ = write(descriptor, bytes, bytes.count)
    }

    static func encoded(_ line: String) -> String {
        line.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    static func decoded(_ text: some StringProtocol) -> String {
        var line = ""
        var isEscaped = false
        for character in text {
            switch (isEscaped, character) {
            case (false, "\\"): isEscaped = true
            case (true, "n"): (line, isEscaped) = (line + "\n", false)
            case (true, "\\"): (line, isEscaped) = (line + "\\", false)
            case (true, _): (line, isEscaped) = (line + "\\\(character)", false)
            case (false, _): line.append(character)
            }
        }
        return isEscaped ? line + "\\" : line
    }

    private func cut(to lines: ArraySlice<Substring>) {
        let draft = InputHistory(path: "\(path).\(getpid())")
        unlink(draft.path)
        for line in lines { draft.append(Self.decoded(line)) }
        if rename(draft.path, path) != 0 { unlink(draft.path) }
    }
}
