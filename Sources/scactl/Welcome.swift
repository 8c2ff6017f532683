internal import SCACore

/// What `scactl` alone says: what to type next, by whether somebody is logged in.
///
/// No server is asked: it is there at once, also without a network. Each command has a line of its own, which 40 columns
/// hold and which can be copied, beneath the sentence that it belongs to.
struct Welcome: Sendable {
    /// Who is logged in, and where; nil if nobody is.
    private let login: (mobile: String, server: String)?

    /// - Parameters:
    ///   - options: a mobile or a server given here counts as it does for a command.
    ///   - context: for environment and settings; those that cannot be used are passed over, since the first command, and
    ///     `doctor`, say what is wrong with them.
    init(_ options: SharedOptions, in context: CommandContext) {
        let settings = try? Settings.load(from: SettingsPaths(environment: context.environment).configFile)
        let mobile = options.mobile ?? context.variable("SCACTL_MOBILE") ?? settings?.mobile?.description
        let server = options.server ?? context.variable("SCACTL_SERVER") ?? settings?.server ?? "ws://127.0.0.1:8080"
        login = mobile.flatMap { Mobile($0) }.map { ("\($0)", TextSanitizer.sanitized(server, .oneLine)) }
    }

    var text: String {
        guard let login else { return Self.forStrangers }
        return """
            You are \(login.mobile)
            at \(login.server)

            See who is online:
              scactl who
            Send a message:
              scactl send --to MOBILE hi
            Talk at a prompt:
              scactl chat MOBILE
            Is something wrong?
              scactl doctor

            All commands: scactl --help
            """
    }

    private static let forStrangers = """
        Chat from a terminal, a script or a pipe

        Say who you are, once, with the digits
        of your own mobile number:
          scactl login 9876543210
        If your server is on another machine:
          scactl login 9876543210 -s URL
        If you have no server yet, start one:
          scad
        Is something wrong?
          scactl doctor

        All commands: scactl --help
        """
}
