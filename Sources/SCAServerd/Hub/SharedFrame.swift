internal import SCACore
internal import Synchronization

/// A frame that is encoded when it is first sent, by whichever loop comes first; from then on all share its bytes.
final class SharedFrame: Sendable {
    private let message: ServerFrame
    private let encoded = Mutex<EncodedFrame?>(nil)

    init(_ message: ServerFrame) {
        self.message = message
    }

    var frame: EncodedFrame {
        encoded.withLock { encoded in
            if let encoded { return encoded }
            let frame = EncodedFrame(message)
            encoded = frame
            return frame
        }
    }
}
