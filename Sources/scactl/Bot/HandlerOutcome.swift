internal import SCACore

/// What became of a handler.
enum HandlerOutcome: Hashable, Sendable {
    /// It wants this to be sent.
    case reply(String)
    /// It ended well and has nothing to say.
    case nothing
    /// No reply, for this reason: what it did, to follow its name.
    case failed(String)
    case notStarted(CommandFailure)
    /// The bot is ending.
    case stopped

    /// Why it was ended early.
    enum Cause: Hashable, Sendable {
        case timeout, tooMuch, stop
    }

    /// - Parameters:
    ///   - output: all of its stdout, at least as far as is needed to see that it is too long.
    ///   - cause: nil if it ended by itself.
    init(_ exit: ChildExit, output: [UInt8], cause: Cause?, _ limits: HandlerSlot.Limits) {
        switch (cause, exit) {
        case (.stop, _): self = .stopped
        case (.timeout, _): self = .failed("took longer than \(limits.timeout.shortText) and was ended")
        case (.tooMuch, _):
            self = .failed("wrote more than the \(limits.textBytes) bytes that this server takes, and was ended")
        case (nil, .status(0)):
            let bytes = output.last == UInt8(ascii: "\n") ? output.dropLast() : output[...]
            if bytes.isEmpty {
                self = .nothing
            } else if bytes.count > limits.textBytes {
                self = .failed("wrote \(bytes.count) bytes; this server takes \(limits.textBytes)")
            } else if let text = String(validating: bytes, as: UTF8.self) {
                self = .reply(text)
            } else {
                self = .failed("wrote what is not UTF-8; a message is text")
            }
        case (nil, let exit): self = .failed(exit.words)
        }
    }
}
