internal import ArgumentParser
internal import SCAClient
internal import SCACore

/// `scactl who`: everybody who is online, or whether these are. It asks without being seen itself.
struct Who: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "who",
        _superCommandName: Scactl.name,
        abstract: "See who is online.",
        discussion: "With mobiles: one row each, and exit 1 if any of them is not online. --timeout is for all of it, "
            + "10s unless given; with --watch, how long to watch."
    )

    @Argument(help: "Ask about these only.", completion: MobileCompletion.peers)
    var mobiles: [String] = []

    @Flag(help: "Go on, and print who comes and goes.")
    var watch = false

    @OptionGroup
    var shared: SharedOptions

    func run(_ invocation: Invocation) async throws -> ExitStatus {
        let wanted = try Mobile.list(mobiles)
        let presence: PresenceInterest = watch && wanted.isEmpty ? .all : .none
        var configuration = try invocation.configuration(isVisible: false, presence: presence)
        configuration.connectTimeout = invocation.timeout ?? Invocation.patience
        if watch { configuration.reconnect = .standard }
        let timeout = watch ? invocation.timeout : invocation.timeout ?? Invocation.patience
        let store = try invocation.history()
        return try await invocation.withConnection(configuration, store: store, timeout: timeout) { visit in
            guard watch else { return try await ask(visit, invocation, wanted) }
            var run = PresenceRun(visit, invocation, wanted)
            return try await run.run()
        }
    }

    private func ask(_ visit: Visit, _ invocation: Invocation, _ wanted: [Mobile]) async throws -> ExitStatus {
        guard !wanted.isEmpty else {
            let online = try await visit.connection.onlineUsers(timeout: nil)
            try await invocation.console.show(online.map { .user($0, isOnline: true) })
            if online.isEmpty { await invocation.console.explain("nobody is online") }
            return .done
        }
        let online = try await visit.areOnline(wanted)
        try await invocation.console.show(wanted.map { .user($0, isOnline: online.contains($0)) })
        return online.count == wanted.count ? .done : .no
    }
}

extension Visit {
    /// Which of these are online; by `watch` if the server takes so many, otherwise from the whole list.
    func areOnline(_ mobiles: [Mobile]) async throws(ClientError) -> Set<Mobile> {
        guard mobiles.count <= info.limits.watchedMobiles else {
            return Set(try await connection.onlineUsers(timeout: nil)).intersection(mobiles)
        }
        return Set(try await connection.watch(mobiles).filter(\.value).keys).intersection(mobiles)
    }
}
