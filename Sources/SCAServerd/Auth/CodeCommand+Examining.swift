internal import Glibc

extension CodeCommand {
    /// Looks for the program, so that a server does not start that could deliver no code.
    ///
    /// - Parameter words: the program, looked for in `PATH` if it has no slash, and its arguments.
    /// - Throws: `ServerError` if there is none, or it cannot be executed.
    static func examine(_ words: [String]) throws(ServerError) {
        guard let name = words.first else { return }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/bin:/usr/bin"
        // An empty entry is the working directory.
        let folders = path.split(separator: ":", omittingEmptySubsequences: false).map { $0.isEmpty ? "." : $0 }
        let places = name.contains("/") ? [name] : folders.map { "\($0)/\(name)" }
        guard !places.contains(where: isProgram) else { return }
        if let place = places.first(where: { access($0, F_OK) == 0 }) {
            throw ServerError(
                code: .badConfiguration,
                message: "the program \(place) of --code-command cannot be executed",
                hint: "chmod +x \(place), if it is one"
            )
        }
        throw ServerError(
            code: .badConfiguration,
            message: "there is no program \(name)\(name.contains("/") ? "" : " in PATH") for --code-command",
            hint: "name it with its whole path"
        )
    }

    private static func isProgram(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
