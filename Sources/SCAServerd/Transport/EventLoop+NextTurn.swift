internal import NIOCore

extension EventLoop {
    /// Does something after the loop has looked at its sockets once more; to be called on the loop.
    ///
    /// `execute` would not do: NIO runs tasks until none is due, those that tasks have added included, before it looks at a socket again.
    /// So it is due a little later than what the task that calls this leaves behind takes.
    func inNextTurn(_ task: @escaping () -> Void) {
        assumeIsolated().scheduleTask(in: .microseconds(300), task)
    }
}
