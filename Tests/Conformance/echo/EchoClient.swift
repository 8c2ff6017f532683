internal import NIOCore
internal import NIOPosix
internal import SCACore
internal import SCAClient

/// `scactl` without the chat: its dialing, upgrade, frames and closing, with an echo behind them.
struct EchoClient {
    let endpoint: Endpoint
    let loop: any EventLoop

    /// Runs as many cases as the fuzzing server has, one after the other, and lets it end.
    func runCases() throws {
        let count = try run("/getCaseCount")
        guard let count = Int(count) else { throw Trouble("expected the number of cases, found \"\(count)\"") }
        for number in 1...max(1, count) { _ = try run("/runCase?case=\(number)&agent=sca") }
        _ = try run("/updateReports?agent=sca")
    }

    /// Echoes on one connection until it ends.
    ///
    /// - Returns: The last message.
    private func run(_ path: String) throws -> String {
        let ended = loop.makePromise(of: String.self)
        let opened = loop.flatSubmit {
            let connection = WebSocketConnection(endpoint: endpoint, reader: Echo(ended))
            let bound = NIOLoopBound(connection, eventLoop: loop)
            return WebSocketTransport.open(endpoint, path: path, timeout: .seconds(10), bound, on: loop)
        }
        opened.whenFailure { ended.fail($0) }
        return try ended.futureResult.wait()
    }
}

/// Why the cases cannot be run.
struct Trouble: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Sends back each message as it came.
private final class Echo: WebSocketReader {
    private let ended: EventLoopPromise<String>
    private var echoes: [(WebSocketOpcode, [UInt8])] = []
    private var last = ""

    init(_ ended: EventLoopPromise<String>) {
        self.ended = ended
    }

    func received(_ kind: WebSocketMessageKind, _ payload: Span<UInt8>) {
        echoes.append((kind == .text ? .text : .binary, payload.withUnsafeBufferPointer { Array($0) }))
    }

    func deliver(from connection: WebSocketConnection) {
        for (opcode, payload) in echoes { connection.append(opcode, payload) }
        if let text = echoes.last?.1, text.count < 32 { last = String(decoding: text, as: UTF8.self) }
        echoes.removeAll()
    }

    func lost(_ connection: WebSocketConnection, _ error: ClientError) {
        // Each case ends in its own way; the fuzzing server is the judge of it.
        ended.succeed(last)
    }
}
