internal import SCAClient
internal import SCACore

/// `who --watch` while it runs: first how it is, then what changes.
struct PresenceRun {
    private let visit: Visit
    private let invocation: Invocation
    /// Empty for everybody.
    private let wanted: [Mobile]
    private var picture: PresencePicture
    private var status = ExitStatus.done

    init(_ visit: Visit, _ invocation: Invocation, _ wanted: [Mobile]) {
        self.visit = visit
        self.invocation = invocation
        self.wanted = wanted
        picture = PresencePicture(of: wanted)
    }

    /// - Returns: 124 if time ran out, as is usual here; it otherwise ends by a signal or with the connection.
    /// - Throws: why the connection ended for good.
    mutating func run() async throws -> ExitStatus {
        if !wanted.isEmpty {
            let online = try await visit.areOnline(wanted)
            _ = picture.take(list: online)
            try await invocation.console.show(wanted.map { .user($0, isOnline: online.contains($0)) })
        }
        let watch = ConnectionWatch(invocation)
        while let events = await visit.connection.nextEvents() {
            for event in events {
                let outcome = await watch.observe(event)
                status = status.combined(with: outcome)
                switch event {
                case .onlineUsers(let mobiles) where !picture.isComplete:
                    let online = picture.take(list: mobiles).came
                    try await invocation.console.show(online.map { .user($0, isOnline: true) })
                case .onlineUsers(let mobiles): try await show(picture.take(list: mobiles))
                case .presence(let joined, let left): try await show(picture.take(joined: joined, left: left))
                case .ended(let error?): throw error
                default: break
                }
            }
        }
        return visit.expiry.failure == nil ? status : status.combined(with: .timedOut)
    }

    private func show(_ change: PresencePicture.Change) async throws {
        try await invocation.console.show(change.rows(at: invocation.context.time.now()))
    }
}
