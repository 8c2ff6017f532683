import Foundation
import Testing

/// `kill -9` of the server, the sender or the receiver, each at every stage of a message's way. The stages are not hit by
/// luck: a wire that is held (`Proxy`), or a lock on the history, keeps the message where it is until the victim is dead.
@Suite(.serialized) struct KillStageTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    enum Victim: CaseIterable { case server, sender, receiver }

    enum Moment: CaseIterable {
        /// The sender is connected to nobody yet: TCP stands, and no answer has come.
        case connecting
        /// The server has switched to WebSocket, and its `hello` has not come.
        case greeting
        /// The message has left the sender and has not reached the server.
        case sent
        /// The receiver has it in memory and not on its disk.
        case storing
        /// It is on the receiver's disk, and the receipt has not left.
        case stored
        /// Ack and receipt are on their way to the sender.
        case answered
    }

    @Test(arguments: Moment.allCases, Victim.allCases)
    func whatWasSaidIsTrueAndNothingComesTwice(_ moment: Moment, _ victim: Victim) async throws {
        let server = try await stage.server()
        let wires = (sender: try Proxy(to: server, on: stage), receiver: try Proxy(to: server, on: stage))
        var (asha, ravi) = (try stage.person("9876543210", on: server), try stage.person("9123456780", on: server))
        asha.environment["SCACTL_SERVER"] = wires.sender.url
        ravi.environment["SCACTL_SERVER"] = wires.receiver.url

        var listener = try await ravi.listen()
        if moment == .connecting { wires.sender.hold(.answers) }
        if moment == .greeting { wires.sender.hold(.frames) }
        let words = ["send", "-v", "-l", "--to", ravi.mobile, "--timeout", "2s", "--retry-for", "60s"]
        var sender = try stage.start("scactl", words, environment: asha.environment, input: .open)
        let lock = try await reach(moment, sender, ravi, wires)

        switch victim {
        case .server:
            try await server.kill()
            // What was on its way is lost with the server.
            wires.sender.cut()
            wires.receiver.cut()
            let again = try await stage.server()
            wires.sender.lead(to: again)
            wires.receiver.lead(to: again)
        case .sender:
            sender.signal(SIGKILL)
            let answer = try await sender.finish()
            #expect(answer.exit == .signal(SIGKILL))
            #expect(answer.output.isEmpty)
        case .receiver:
            listener.signal(SIGKILL)
            #expect(try await listener.finish().exit == .signal(SIGKILL))
        }
        lock?.unlock()
        wires.sender.hold(.nothing)
        wires.receiver.hold(.nothing)

        if victim == .receiver {
            if moment == .storing { #expect(ravi.history.isEmpty) }
            listener = try await ravi.listen()
        }
        if victim == .sender {
            sender = try stage.start("scactl", words, environment: asha.environment, input: .open)
            sender.write("one\n")
        }
        sender.closeInput()
        let answer = try await sender.finish(within: .seconds(240))
        #expect(answer.exit == .status(0), "\(answer.errors)")
        #expect(answer.rows["status"] == ["stored"])
        try await ravi.expectTruth(of: answer.rows)
        // A sender that died could not be asked to forget it: what it sent and what its successor sent are two messages.
        let mayBeTwo = victim == .sender && [.sent, .storing, .stored, .answered].contains(moment)
        #expect(ravi.history["text"].count == 1 || mayBeTwo && ravi.history["text"] == ["one", "one"])
        #expect(asha.history["status"] == ["stored"])
        #expect(listener.exit() == nil)
    }

    /// Brings a message to this moment, and keeps it there.
    ///
    /// - Returns: what keeps it from the disk.
    private func reach(
        _ moment: Moment,
        _ sender: Program,
        _ ravi: Person,
        _ wires: (sender: Proxy, receiver: Proxy)
    ) async throws -> HistoryLock? {
        switch moment {
        case .connecting, .greeting:
            try await sender.said("connecting to")
            try await eventually("a connection") { wires.sender.held > 0 }
            sender.write("one\n")
            return nil
        case .sent, .storing, .stored, .answered:
            try await sender.said("connected:")
        }
        let lock = moment == .storing ? try HistoryLock(ravi.historyFile) : nil
        if moment == .sent { wires.sender.hold(.words) }
        if moment == .stored { wires.receiver.hold(.words) }
        if moment == .answered { wires.sender.hold(.frames) }
        let before = (wires.sender.held, wires.receiver.passed)
        sender.write("one\n")
        switch moment {
        case .sent: try await eventually("the message on the wire") { wires.sender.held > before.0 }
        case .storing: try await eventually("the message's arrival") { wires.receiver.passed > before.1 }
        default: try await eventually("the row") { ravi.history.count == 1 }
        }
        return lock
    }
}

/// Holds the lock of a history, as another process would that writes to it.
private final class HistoryLock: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0, flock(descriptor, LOCK_EX) == 0 else { throw Failure.system("lock \(path)") }
    }

    func unlock() { _ = flock(descriptor, LOCK_UN) }

    deinit { close(descriptor) }
}
