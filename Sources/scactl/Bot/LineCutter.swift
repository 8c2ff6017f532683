/// Cuts a program's stderr into lines to pass on. One that is too long is passed on in parts, so that memory stays bounded.
struct LineCutter {
    static let longest = 8_192

    private var pending: [UInt8] = []

    /// Takes what came and returns the lines that it completes, without their newlines.
    mutating func append(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || pending.count == Self.longest { lines.append(take()) }
            if byte != UInt8(ascii: "\n") { pending.append(byte) }
        }
        return lines
    }

    /// The last line, if it has no newline.
    mutating func finish() -> String? {
        pending.isEmpty ? nil : take()
    }

    private mutating func take() -> String {
        defer { pending.removeAll(keepingCapacity: true) }
        return String(decoding: pending, as: UTF8.self)
    }
}
