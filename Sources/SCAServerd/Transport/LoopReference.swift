internal import NIOCore
internal import SCACore

/// How other threads reach a `HubLoop`.
struct LoopReference: Sendable {
    let eventLoop: any EventLoop
    let mailbox: Mailbox
    /// The loop's part itself; to be touched on its event loop only, which this box checks.
    let bound: NIOLoopBound<HubLoop>

    func post(_ letters: [Hub.Letter]) {
        if mailbox.post(letters) {
            eventLoop.execute { bound.value.readMail() }
        }
    }
}
