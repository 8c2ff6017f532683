import SCACore

@testable import SCAClient

extension ScriptedServer {
    /// Alice's client, which is to connect to this server.
    func client(
        store: (any MessageStore)? = nil,
        change: (inout ClientConfiguration) -> Void = { _ in }
    ) -> ChatClient {
        ChatClient(
            configuration: Words.configuration {
                $0.endpoint = endpoint
                change(&$0)
            },
            store: store
        )
    }
}

extension ChatClient {
    /// The next event that `pick` makes something of; what comes before it is passed over.
    func next<Found>(_ pick: (ClientEvent) -> Found?) async -> Found? {
        while let events = await nextEvents() {
            for event in events { if let found = pick(event) { return found } }
        }
        return nil
    }
}
