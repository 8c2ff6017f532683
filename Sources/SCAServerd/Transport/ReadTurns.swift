internal import NIOCore

/// What reads from its peer when it is told to.
protocol TurnTaker: AnyObject {
    /// It is this one's turn: read once.
    func takeTurn()
}

/// Whose turn it is to be read, among the sessions of one event loop that have much to say; owned by that loop.
///
/// Whoever brings little is read whenever there is anything. Who has just brought much asks here before it is read again, and
/// of these only one is read in a turn of the loop; what the others send waits in the kernel's buffers. So the loop's other work waits
/// for one piece of one flood at the most, however many flood it, and these share what the others leave. One alone is
/// never held up.
///
/// How it works. A turn ends when its owner asks again, or leaves. It may have nothing left to say and never ask: then the
/// next turn begins when `patience` is over; by then the loop has looked at its sockets, and read it if there was anything.
///
/// Rejected: a low rate of frames for each session. It takes from who is alone, and many that stay just below it still fill
/// the loop. And a number of frames after which parsing stops: the rest of what was read is to be kept then, and nothing but
/// a timer would bring it back, since the socket has no more news of it.
final class ReadTurns {
    private static let patience = TimeAmount.microseconds(100)

    private let eventLoop: any EventLoop
    private var waiting = CircularBuffer<any TurnTaker>()
    private var owner: (any TurnTaker)?
    /// Counts turns, so that `patience` ends the one that it was meant for.
    private var turn = 0
    private var isTimed = false

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Asks for the next read of one that has brought much. It must not ask again before its turn has come.
    ///
    /// - Returns: whether it may read at once; else `takeTurn` will tell it to.
    func ask(_ reader: any TurnTaker) -> Bool {
        if owner === reader { owner = nil }
        if owner == nil, waiting.isEmpty {
            begin(reader)
            return true
        }
        waiting.append(reader)
        pass()
        return false
    }

    /// Ends the turn of one that is gone, and its waiting.
    func leave(_ reader: any TurnTaker) {
        if let index = waiting.firstIndex(where: { $0 === reader }) { waiting.remove(at: index) }
        end(reader)
    }

    /// Ends the turn of one that has little to say, if it is its turn; it does not wait for one.
    func end(_ reader: any TurnTaker) {
        guard owner === reader else { return }
        owner = nil
        pass()
    }

    private func begin(_ reader: any TurnTaker) {
        owner = reader
        turn += 1
    }

    /// Gives the turn to the next one, if it is nobody's.
    private func pass() {
        if owner == nil, let next = waiting.popFirst() {
            begin(next)
            next.takeTurn()
        }
        setTimer()
    }

    private func setTimer() {
        guard !isTimed, !waiting.isEmpty else { return }
        isTimed = true
        let timed = turn
        eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { [weak self] in
            guard let self else { return }
            isTimed = false
            if turn == timed { owner = nil }
            pass()
        }
    }
}
