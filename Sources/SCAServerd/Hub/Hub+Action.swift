internal import SCACore

extension Hub {
    /// What happens to a hub.
    enum Input: Sendable {
        /// A session was opened; its name is new.
        case connected(SessionID, SessionTerms)
        /// A frame, and how many bytes it took on the wire.
        case frame(SessionID, ClientFrame, bytes: Int)
        /// A message that is no frame of ours.
        case badFrame(SessionID, WireError, bytes: Int)
        /// Bytes that no message has accounted for, and frames that did not end one: counted against the rate, and no activity.
        case read(SessionID, bytes: Int, fragments: Int)
        /// A WebSocket ping, to be answered with the same payload.
        case ping(SessionID, [UInt8])
        /// A WebSocket pong.
        case pong(SessionID)
        /// The connection is gone, or the client said goodbye.
        case disconnected(SessionID)
        /// The kernel has taken so many bytes of the session's outbox; `presence` if no presence is left in it.
        case flushed(SessionID, bytes: Int, presence: Bool)
        /// From another loop's hub.
        case letter(Letter)
        /// Say goodbye to everyone, spread over so many nanoseconds.
        case drain(window: Int64)
    }

    /// What a hub asks its transport to do, in order.
    enum Action: Sendable, Equatable {
        /// Append to the session's outbox.
        case send(SessionID, EncodedFrame)
        /// Put into the session's presence slot, in place of what waits there.
        case sendPresence(SessionID, EncodedFrame)
        /// Send what is queued, a close frame, and close. The hub has already forgotten the session.
        case close(SessionID, CloseReason)
        /// Read nothing more from this session for now.
        case pauseReading(SessionID)
        /// Read again.
        case resumeReading(SessionID)
        /// Put into another loop's mailbox.
        case post(Letter, to: LoopID)
        /// Every session has been told to go.
        case drained
    }

    /// What hubs tell each other.
    enum Letter: Sendable {
        /// Hand a message to the visible sessions of its recipient that you have; report if `ticket` is there.
        case deliver(Delivery, ticket: Ticket?)
        /// So many took the message that bears my ticket.
        case delivered(ticket: UInt64, Tally)
        /// Hand a copy to the sender's visible v2 sessions that you have.
        case copy(EncodedFrame, of: Mobile, Postage?)
        /// Hand a receipt to this mobile's v2 sessions that you have.
        case receipt(EncodedFrame, to: Mobile, Postage?)
        /// A copy or receipt of your session has been read.
        case read(Postage)
        /// To the owner of presence: this mobile may have come or gone.
        case touched(Mobile)
        /// From the owner of presence.
        case presence(PresenceUpdate)
    }

    /// Where to report a delivery.
    struct Ticket: Sendable {
        let loop: LoopID
        let number: UInt64
    }

    /// Whose letter it is, and what it counts as until it is read, in bytes.
    struct Postage: Sendable {
        let session: SessionID
        let bytes: Int
    }

    /// What became of a message.
    struct Tally: Sendable, Equatable {
        /// Sessions that it was handed to.
        var sessions = 0
        /// Those of them that will send receipts.
        var receipts = 0
        /// Sessions whose outbox was full.
        var busy = 0

        static func += (left: inout Tally, right: Tally) {
            left.sessions += right.sessions
            left.receipts += right.receipts
            left.busy += right.busy
        }
    }
}

extension Hub.Action {
    static func == (left: Hub.Action, right: Hub.Action) -> Bool {
        switch (left, right) {
        case (.send(let a, let b), .send(let c, let d)): a == c && b == d
        case (.sendPresence(let a, let b), .sendPresence(let c, let d)): a == c && b == d
        case (.close(let a, let b), .close(let c, let d)): a == c && b == d
        case (.pauseReading(let a), .pauseReading(let b)): a == b
        case (.resumeReading(let a), .resumeReading(let b)): a == b
        case (.drained, .drained): true
        // Letters carry no identity; a test looks inside.
        default: false
        }
    }
}
