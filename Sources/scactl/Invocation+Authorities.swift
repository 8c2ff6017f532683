internal import Glibc
internal import SCAClient
internal import SCACore

extension Invocation {
    /// The file of the authorities by which the server's certificate is verified, as an absolute path; nil for the system's.
    ///
    /// What `login` remembered holds for the server that was logged in to, and for no other: it would keep every other one
    /// from being trusted.
    ///
    /// - Throws: `CommandFailure` with status 64 for an option that does nothing, which would pass for safety.
    static func caFile(
        _ options: SharedOptions,
        for endpoint: Endpoint,
        _ settings: Settings,
        _ context: CommandContext
    ) throws(CommandFailure) -> String? {
        guard endpoint.isSecure else {
            guard options.caFile != nil else { return nil }
            var secure = endpoint
            secure.scheme = .wss
            throw .usage("--ca-file is for wss:// servers, and \(endpoint) is in the clear", hint: "--server \(secure)")
        }
        if let path = options.caFile { return absolute(path) }
        if let path = context.variable("SCACTL_CA_FILE") { return absolute(path) }
        guard let server = settings.server, (try? Endpoint(parsing: server)) == endpoint else { return nil }
        return settings.caFile
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return "\(String(cString: folder))/\(path)"
    }
}
