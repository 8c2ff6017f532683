internal import ArgumentParser
internal import SCAClient
internal import SCACore

/// `scactl login MOBILE`: tries the mobile on the server and remembers both.
///
/// Nothing is remembered unless the server could be reached: a typo in its address should show now, not with the first
/// message.
struct Login: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        _superCommandName: Scactl.name,
        abstract: "Say who you are, once.",
        discussion: "Connects once and remembers the mobile, the server and its --ca-file for all other commands. "
            + "A server that wants a proof sends a code to the mobile, which is asked for on a terminal and read from "
            + "stdin in a pipe; or it has given you a token, for --token-file. "
            + "--timeout is for each time the server is asked; 10s unless given."
    )

    @Option(
        help: ArgumentHelp(
            "Log in with the token in this file, which only you can read; - is stdin.",
            valueName: "file"
        ),
        completion: .file()
    )
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "Read the code that was sent from this file, once it is there; - is stdin.",
            valueName: "file"
        ),
        completion: .file()
    )
    var codeFile: String?

    @Argument(
        help: ArgumentHelp("Your mobile: 10 to 32 digits; -m does as well.", valueName: "mobile"),
        completion: MobileCompletion.own
    )
    var newMobile: String?

    @OptionGroup
    var shared: SharedOptions

    func run(_ invocation: Invocation) async throws -> ExitStatus {
        guard let typed = newMobile ?? shared.mobile else {
            throw CommandFailure.usage(
                "whose login? your mobile is 10 to 32 digits; a server on another machine is named with --server",
                hint: "scactl login 9876543210, with your own digits"
            )
        }
        let mobile = try Mobile(argument: typed)
        if let other = shared.mobile, try Mobile(argument: other) != mobile {
            throw CommandFailure.usage("two mobiles to log in: \(mobile) and \(other)", hint: "scactl login \(mobile)")
        }
        if tokenFile != nil, codeFile != nil {
            throw CommandFailure.usage(
                "a token and a code: which one is to be used?",
                hint: "scactl login \(mobile) --token-file FILE"
            )
        }
        let given = GivenSecrets(invocation)
        // Before the code is asked for: what is in the file now is no answer to that.
        let file = codeFile.map(CodeFile.init)
        let run = LoginRun(
            invocation,
            token: try await given.token(in: tokenFile),
            askCode: { offer in try await given.code(offer, in: file) }
        )
        let row = try await run.run(as: mobile)
        if !invocation.isQuiet { try await invocation.console.show([row]) }
        if invocation.settings.mobile == nil {
            await invocation.console.explain(
                "remembered; from now on: scactl who, scactl send --to MOBILE hi, scactl chat MOBILE"
            )
        }
        return .done
    }
}
