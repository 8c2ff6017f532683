internal import SCACore

extension Hub {
    /// A message on its way; each spelling is encoded once somebody is to get it.
    struct Delivery: Sendable {
        let from: Mobile
        let to: Mobile
        let text: MessageText
        let name: Name
        /// When it was routed.
        let unixMilliseconds: Int64

        private var base: EncodedFrame?
        private var numbered: EncodedFrame?

        /// The id that a message is known by at its recipients.
        enum Name: Sendable {
            /// As its sender named it.
            case given(MessageID)
            /// It came without one: two devices of its recipient agree on what the server calls it.
            case made(prefix: String, number: UInt64)

            var id: MessageID? {
                switch self {
                case .given(let id): id
                case .made(let prefix, let number): MessageID("\(prefix)\(number)")
                }
            }
        }

        init(from: Mobile, to: Mobile, text: MessageText, name: Name, unixMilliseconds: Int64) {
            (self.from, self.to, self.text, self.name) = (from, to, text, name)
            self.unixMilliseconds = unixMilliseconds
        }

        /// The frame for sessions of a dialect.
        mutating func frame(_ dialect: Dialect, _ scratch: inout FrameScratch) -> EncodedFrame {
            switch dialect {
            case .base:
                if let base { return base }
                let frame = scratch.encode(.message(RelayedMessage(from: from, text: text)))
                base = frame
                return frame
            case .v2:
                if let numbered { return numbered }
                var message = RelayedMessage(from: from, text: text)
                message.to = to
                message.id = name.id
                message.unixMilliseconds = unixMilliseconds
                let frame = scratch.encode(.message(message))
                numbered = frame
                return frame
            }
        }
    }
}
