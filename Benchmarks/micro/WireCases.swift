internal import SCACore

/// Bytes to frames and frames to bytes.
enum WireCases {
    static let sizes = [64, 4_096, 65_536]

    static func all() throws -> [Case] {
        let text = try MessageCases()
        return sizes.flatMap { size in
            [decode(size), encode(size, key: nil), encode(size, key: 0x37fa_213d), unmask(size)]
                + [utf8("UTF-8 check, ASCII", letters(size)), utf8("UTF-8 check, Cyrillic", cyrillic(size))]
                + text.all(size)
        }
    }

    static func letters(_ size: Int) -> [UInt8] { (0..<size).map { UInt8(ascii: "a") + UInt8($0 % 26) } }

    private static func cyrillic(_ size: Int) -> [UInt8] { Array(String(repeating: "ж", count: size / 2).utf8) }

    /// A masked text frame, as a server reads it. It is unmasked where it lies, and so masked again by the next round: with this key
    /// letters remain letters.
    private static func decode(_ size: Int) -> Case {
        let frame = WebSocketFrame.encode(.text, payload: letters(size), maskingKey: 0x2020_2020)
        return Case("frame: decode, unmask, check", size: size) { count in
            var bytes = frame
            var parser = FrameParser(role: .server, maximumMessage: 1 << 20)
            var seen = 0
            for _ in 0..<count {
                var span = bytes.mutableSpan
                _ = try? parser.consume(&span) { _, payload in
                    seen += payload.count
                    return .proceed
                }
            }
            return seen
        }
    }

    private static func encode(_ size: Int, key: UInt32?) -> Case {
        let payload = letters(size)
        return Case(key == nil ? "frame: encode" : "frame: encode, masked", size: size) { count in
            var output: [UInt8] = []
            var written = 0
            for _ in 0..<count {
                output.removeAll(keepingCapacity: true)
                WebSocketFrame.append(.text, payload: payload.span, maskingKey: key, to: &output)
                written += output.count
            }
            return written
        }
    }

    private static func unmask(_ size: Int) -> Case {
        let payload = letters(size)
        return Case("unmask", size: size) { count in
            var bytes = payload
            for _ in 0..<count {
                var span = bytes.mutableSpan
                Unmasking.apply(&span, key: 0x37fa_213d)
            }
            return Int(bytes[0])
        }
    }

    private static func utf8(_ name: String, _ text: [UInt8]) -> Case {
        Case(name, size: text.count) { count in
            var valid = 0
            for _ in 0..<count where UTF8Check.isValid(text.span) { valid += 1 }
            return valid
        }
    }
}

/// JSON.
private struct MessageCases {
    let mobile: Mobile
    let id: MessageID

    init() throws {
        guard let mobile = Mobile("9876543210"), let id = MessageID("0199f5ce-5a5e-7c3b-8d2a-6f3e9c1b2a40") else {
            throw Failure("the names are not valid")
        }
        (self.mobile, self.id) = (mobile, id)
    }

    func all(_ size: Int) -> [Case] {
        let text = MessageText(String(decoding: WireCases.letters(size), as: UTF8.self))
        let sent = FrameEncoder.encode(ClientFrame.message(to: mobile, text: text, id: id))
        var message = RelayedMessage(from: mobile, text: text)
        (message.to, message.id, message.unixMilliseconds) = (mobile, id, 1_795_363_670_974)
        let relayed = ServerFrame.message(message)
        let received = FrameEncoder.encode(relayed)
        let decoder = FrameDecoder()
        return [
            Case("JSON: decode a client's message", size: size) { count in
                var seen = 0
                for _ in 0..<count {
                    if case .message(_, let text, _)? = try? decoder.clientFrame(sent.span) { seen += text.utf8Count }
                }
                return seen
            },
            Case("JSON: decode a server's message", size: size) { count in
                var seen = 0
                for _ in 0..<count {
                    if case .message(let message)? = try? decoder.serverFrame(received.span) {
                        seen += message.text.utf8Count
                    }
                }
                return seen
            },
            Case("JSON: encode a server's message", size: size) { count in
                var output: [UInt8] = []
                var written = 0
                for _ in 0..<count {
                    output.removeAll(keepingCapacity: true)
                    FrameEncoder.append(relayed, to: &output)
                    written += output.count
                }
                return written
            },
        ]
    }
}
