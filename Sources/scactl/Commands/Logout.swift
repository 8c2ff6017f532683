internal import ArgumentParser
internal import SCACore

/// `scactl logout`: forgets mobile, server and token. The history stays: it is the user's, and there is no other copy.
struct Logout: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        _superCommandName: Scactl.name,
        abstract: "Forget who you are.",
        discussion: "Forgets the mobile, the server and the token. Messages that were stored stay where they are."
    )

    @OptionGroup
    var shared: SharedOptions

    func run(_ invocation: Invocation) async throws -> ExitStatus {
        let paths = try invocation.paths()
        let old = try Settings.remove(at: paths.configFile)
        for mobile in Set([old.mobile, try? invocation.mobile()].compactMap(\.self)) {
            try StoredToken.remove(at: paths.token(of: mobile))
        }
        guard invocation.context.terminals.errors else { return .done }
        if let mobile = old.mobile {
            await invocation.console.remark("forgot \(mobile); its messages stay in \(paths.history(of: mobile))")
        } else {
            await invocation.console.remark("nobody was logged in")
        }
        return .done
    }
}
