internal import SCACore

@testable internal import SCAServerd

extension Server {
    /// A connection's end in the server.
    final class Handler {
        let id: SessionID
        let terms: SessionTerms
        let line: Line
        var parser: FrameParser
        var outbox = Outbox()
        /// What the outbox and the writes under way hold, presence not counted, in bytes.
        var queued = 0
        var isOpen = true
        var isMarked = false
        let device: Disk?

        init(_ id: SessionID, _ terms: SessionTerms, _ line: Line, _ limit: Int, _ device: Disk?) {
            (self.id, self.terms, self.line, self.device) = (id, terms, line, device)
            parser = FrameParser(role: .server, maximumMessage: limit)
        }
    }
}
