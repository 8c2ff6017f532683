import Foundation
import Synchronization

/// A wire between clients and a server that a test can hold at one place and cut: so a program can be killed at exactly the
/// stage that is meant, with nothing left to chance.
///
/// Bytes that are held wait here, and go on when the wire is released; a cut loses them, as a crash of the network would.
final class Proxy: Sendable {
    /// What does not pass.
    enum Hold: Sendable {
        case nothing
        /// No byte from the server: the connection stands, and nobody answers.
        case answers
        /// What comes from the server after the head of its HTTP answer.
        case frames
        /// Nothing from the client.
        case words

        fileprivate func stops(_ isFromServer: Bool, _ isInHead: Bool) -> Bool {
            switch self {
            case .nothing: false
            case .answers: isFromServer
            case .frames: isFromServer && !isInHead
            case .words: !isFromServer
            }
        }
    }

    private struct State {
        var server: Int
        var hold = Hold.nothing
        /// Pumps of an earlier cut drop what they have.
        var cuts = 0
        var sockets: [Socket] = []
        var connections = 0
        var held = 0
        var passed = 0
    }

    let port: Int
    private let state: Mutex<State>

    var url: String { "ws://127.0.0.1:\(port)" }

    init(to server: Server, on stage: Stage) throws {
        let (listener, port) = try Socket.listener()
        self.port = port
        state = Mutex(State(server: server.port))
        Thread.detachNewThread {
            while let client = listener.next() { self.join(client) }
        }
        stage.atEnd {
            listener.shut()
            self.hold(.nothing)
            self.cut()
        }
    }

    /// From now on this does not pass.
    func hold(_ hold: Hold) { state.withLock { $0.hold = hold } }

    /// Ends every connection; what was held is lost.
    func cut() {
        let sockets = state.withLock { state in
            defer { state.sockets = [] }
            state.cuts += 1
            return state.sockets
        }
        for socket in sockets { socket.shut() }
    }

    /// How many connections there were.
    var connections: Int { state.withLock { $0.connections } }
    /// How many pieces have come so far that had to wait.
    var held: Int { state.withLock { $0.held } }
    /// How many pieces have gone on to clients so far.
    var passed: Int { state.withLock { $0.passed } }

    /// New connections go to this one.
    func lead(to server: Server) { state.withLock { $0.server = server.port } }

    private func join(_ client: Socket) {
        let port = state.withLock { $0.server }
        guard let server = try? Socket(port: port) else { return client.shut() }
        let cuts = state.withLock { state in
            state.sockets += [client, server]
            state.connections += 1
            return state.cuts
        }
        Thread.detachNewThread { self.pump(client, server, cuts, isFromServer: false) }
        Thread.detachNewThread { self.pump(server, client, cuts, isFromServer: true) }
    }

    private func pump(_ from: Socket, _ to: Socket, _ cuts: Int, isFromServer: Bool) {
        var head: [UInt8]? = []
        while let bytes = from.readSome() {
            for part in Self.split(bytes, &head) {
                guard waits(cuts, { $0.stops(isFromServer, part.isInHead) }) else { return }
                if isFromServer { state.withLock { $0.passed += 1 } }
                to.write(part.bytes)
            }
        }
        to.shut()
        from.shut()
    }

    /// Waits until bytes may pass; false if the wire was cut meanwhile.
    private func waits(_ cuts: Int, _ isStopped: (Hold) -> Bool) -> Bool {
        var isFirst = true
        while true {
            let (isStopped, isCut) = state.withLock { state in
                let stopped = isStopped(state.hold)
                if stopped, isFirst { state.held += 1 }
                return (stopped, state.cuts != cuts)
            }
            if isCut || !isStopped { return !isCut }
            isFirst = false
            usleep(1000)
        }
    }

    /// Where the head ends, while it has not.
    private static func split(_ bytes: [UInt8], _ head: inout [UInt8]?) -> [(bytes: [UInt8], isInHead: Bool)] {
        guard let before = head else { return [(bytes, false)] }
        let all = before + bytes
        guard let end = Data(all).range(of: Data("\r\n\r\n".utf8))?.upperBound else {
            head = all
            return [(bytes, true)]
        }
        head = nil
        let parts = [(Array(all[before.count..<end]), true), (Array(all[end...]), false)]
        return parts.filter { !$0.0.isEmpty }
    }
}
