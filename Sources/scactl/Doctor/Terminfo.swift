internal import Glibc

/// The descriptions of terminals that GNU readline goes by: whether there is one, looked for where terminfo(5) says.
enum Terminfo {
    /// - Parameter name: what `TERM` says; one with a slash is none.
    static func knows(_ name: String, environment: [String: String]) -> Bool {
        guard let first = name.utf8.first, !name.contains("/") else { return false }
        let listed = (environment["TERMINFO_DIRS"] ?? "").split(separator: ":").map(String.init)
        let own = [environment["TERMINFO"], environment["HOME"].map { "\($0)/.terminfo" }].compactMap(\.self)
        let folders = own + listed + ["/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo", "/usr/lib/terminfo"]
        // By the letter, or, where names may not differ by case alone, by its number.
        let letter = Character(Unicode.Scalar(first))
        return folders.contains { folder in
            access("\(folder)/\(letter)/\(name)", R_OK) == 0
                || access("\(folder)/\(String(first, radix: 16))/\(name)", R_OK) == 0
        }
    }
}
