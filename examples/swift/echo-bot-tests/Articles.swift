import SCAClient
import SCACore

// What the articles in Sources/*/*.docc show. `ArticleTests` runs it, and `SwiftBotsPageTests` sees that they show this.

func ask(_ question: String, of person: Mobile, as me: Mobile, at server: String) async throws -> String? {
    let endpoint = try Endpoint(parsing: server)
    let client = ChatClient(configuration: ClientConfiguration(endpoint: endpoint, mobile: me), store: nil)
    _ = try await client.connect()
    let delivery = try await client.send(question, to: person, retryFor: .seconds(60))
    let answer = delivery.status.isDelivered ? await nextText(of: person, in: client) : nil
    await client.close()
    return answer
}

func nextText(of person: Mobile, in client: ChatClient) async -> String? {
    while let events = await client.nextEvents() {
        for case .message(let message) in events where message.direction == .in && message.from == person {
            return message.text
        }
    }
    return nil
}

func client(for me: Mobile, at endpoint: Endpoint, keeping path: String) -> ChatClient {
    var configuration = ClientConfiguration(endpoint: endpoint, mobile: me)
    configuration.reconnect = .standard
    return ChatClient(configuration: configuration, store: HistoryStore(path: path))
}

func lastTexts(with peer: Mobile, in path: String) throws -> [String] {
    var filter = HistoryFilter()
    filter.peers = [peer]
    var history = HistoryReader(path: path)
    return try history.last(20, matching: filter).map(\.text)
}

func keep(_ rows: [HistoryRow], in path: String) throws -> [HistoryRow] {
    let file = try HistoryFile(path: path)
    let isNew = try file.append(rows)
    return zip(rows, isNew).filter { $0.1 }.map { $0.0 }
}
