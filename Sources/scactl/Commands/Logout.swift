internal import ArgumentParser
internal import SCACore

/// `scactl logout`: forgets mobile, server and token. The history stays: it is the user's, and there is no other copy.
struct Logout: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        _superCommandName: Scactl.name,
        abstract: "Forget who you are.",
        discussion:
            "Forgets the mobile, the server and the token; with -m the token of that mobile, too. Messages that were "
            + "stored stay where they are."
    )

    @OptionGroup
    var shared: SharedOptions

    func run(_ invocation: Invocation) async throws -> ExitStatus {
        let paths = invocation.paths
        let old = try Settings.remove(at: paths.configFile)
        var proven: [Mobile] = []
        for mobile in Set([old.mobile, try? invocation.mobile()].compactMap(\.self)).sorted() {
            guard let path = try invocation.tokenFile(of: mobile), try StoredToken.remove(at: path) else { continue }
            proven.append(mobile)
        }
        if invocation.context.terminals.errors {
            await invocation.console.remark(Self.sentence(old.mobile, tokensOf: proven, paths))
        }
        // A token is a secret: whoever wants to be forgotten is told of those that stay, wherever they read it.
        let kept = StoredToken.mobiles(in: paths)
        if !kept.isEmpty {
            let names = kept.map(\.description).joined(separator: ", ")
            let tokens = kept.count == 1 ? "the token" : "the tokens"
            await invocation.console.remark("still kept: \(tokens) of \(names); scactl logout -m MOBILE forgets one")
        }
        return .done
    }

    /// - Parameters:
    ///   - mobile: who was logged in; nil if nobody was.
    ///   - others: whose tokens were removed.
    private static func sentence(_ mobile: Mobile?, tokensOf others: [Mobile], _ paths: SettingsPaths) -> String {
        var parts = mobile.map { ["forgot \($0)"] } ?? []
        if let file = mobile.flatMap({ try? paths.history(of: $0) }) { parts.append("its messages stay in \(file)") }
        parts += others.filter { $0 != mobile }.map { "forgot the token of \($0)" }
        return parts.isEmpty ? "nobody was logged in" : parts.joined(separator: "; ")
    }
}
