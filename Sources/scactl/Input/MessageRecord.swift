internal import FoundationEssentials
internal import SCAClient
internal import SCACore

/// One message to send, as stdin or the command line has it.
struct MessageRecord: Hashable, Sendable {
    /// To whom; nil for the `--to` of the command line.
    var recipients: [Mobile]?
    var text: String
    /// The sender's own word for it, which comes back in the `sent` rows.
    var reference: String?
    /// Where on stdin it was, from 1; nil if it is not a record of stdin.
    var line: Int?
}

/// How stdin is cut into messages.
enum InputForm: Hashable, Sendable {
    /// All of stdin is one message, less one final newline.
    case whole
    /// Each line is one, less a CR before its newline.
    case lines
    /// Each text up to a NUL is one.
    case nul
    /// Each line is an object: `{"to":…,"text":…,"ref":…}`.
    case jsonLines
}

extension MessageRecord {
    /// What a line of `--jsonl` looks like, for messages.
    static let example = #"{"to":"9876543210","text":"hi"}"#

    /// The most bytes that any record, or the whole stdin, may have: far over what a server takes, and bounded.
    static let longest = 4 << 20

    /// Reads one record.
    ///
    /// - Returns: nil if there is nothing to send: an empty line, or one of blanks in `jsonLines`.
    /// - Throws: `CommandFailure` with status 65 and the record's number.
    static func parse(_ record: RecordSplitter.Record, as form: InputForm) throws(CommandFailure) -> MessageRecord? {
        guard let bytes = record.bytes else {
            throw .badInput("a record over \(longest) bytes", hint: "send it in parts", line: record.number)
        }
        if form == .jsonLines { return try parseJSON(bytes, line: record.number) }
        let text = form == .lines && bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes[...]
        if text.isEmpty { return nil }
        return MessageRecord(text: try Self.text(text, line: record.number), line: record.number)
    }

    /// Reads all of stdin as one message.
    static func parseWhole(_ bytes: [UInt8]) throws(CommandFailure) -> MessageRecord {
        let text = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
        guard !text.isEmpty else {
            let found = bytes.isEmpty ? "stdin is empty" : "stdin has no text"
            throw .badInput("nothing to send: \(found)", hint: "scactl send --to MOBILE TEXT")
        }
        return MessageRecord(text: try Self.text(text, line: nil))
    }

    private static func text(_ bytes: some Collection<UInt8>, line: Int?) throws(CommandFailure) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notText(line: line) }
        return text
    }

    private static func parseJSON(_ bytes: [UInt8], line: Int) throws(CommandFailure) -> MessageRecord? {
        guard let object = try JSONRecord.fromLine(bytes, number: line) else { return nil }
        do throws(CommandFailure) {
            let text = try object.text.asText(line: line)
            let recipients = try object.to.map { (to) throws(CommandFailure) in try to.mobiles(line: line) }
            return MessageRecord(recipients: recipients, text: text, reference: object.ref, line: line)
        } catch {
            var failure = error
            failure.reference = object.ref
            throw failure
        }
    }
}

private struct JSONRecord: Decodable {
    var to: JSONRecipients?
    var text: String?
    var ref: String?
}

/// What can be read of an object of which something else is wrong.
private struct JSONReference: Decodable {
    var ref: String?
}

/// One mobile or a list of them, as somebody wrote them.
struct JSONRecipients: Decodable {
    var words: [String]

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let word = try? value.decode(String.self) {
            words = [word]
        } else {
            words = try value.decode([String].self)
        }
    }

    /// - Throws: `CommandFailure` with status 65 and the line's number.
    func mobiles(line: Int) throws(CommandFailure) -> [Mobile] {
        if words.isEmpty { throw .badInput("\"to\" names nobody", hint: MessageRecord.example, line: line) }
        var mobiles: [Mobile] = []
        for word in words { mobiles.append(try Mobile(argument: word, line: line)) }
        return mobiles
    }
}

extension Decodable {
    /// Reads the object that a line of stdin is.
    ///
    /// - Returns: nil if the line is empty, or of blanks.
    /// - Throws: `CommandFailure` with status 65, the line's number, and its `ref` if that could be read.
    static func fromLine(_ bytes: [UInt8], number: Int) throws(CommandFailure) -> Self? {
        if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return nil }
        do {
            return try JSONDecoder().decode(Self.self, from: Data(bytes))
        } catch DecodingError.typeMismatch(_, let context) where !context.codingPath.isEmpty {
            let key = context.codingPath.first?.stringValue ?? ""
            var failure = CommandFailure.badInput(
                key == "to" ? "\"to\" is not a mobile or a list of them" : "\"\(key)\" is not a string",
                hint: MessageRecord.example,
                line: number
            )
            failure.reference = (try? JSONDecoder().decode(JSONReference.self, from: Data(bytes)))?.ref
            throw failure
        } catch {
            if String(validating: bytes, as: UTF8.self) == nil { throw .notText(line: number) }
            throw .badInput("not a JSON object", hint: MessageRecord.example, line: number)
        }
    }
}

extension CommandFailure {
    fileprivate static func notText(line: Int?) -> CommandFailure {
        .badInput("not UTF-8; a message is text", hint: "base64 for anything else", line: line)
    }
}

extension Optional<String> {
    /// The text of a message, which must be there.
    ///
    /// - Throws: `CommandFailure` with status 65 and the line's number.
    func asText(line: Int) throws(CommandFailure) -> String {
        guard let text = self else { throw .badInput("no \"text\"", hint: MessageRecord.example, line: line) }
        guard !text.isEmpty else { throw .badInput("\"text\" is empty", hint: MessageRecord.example, line: line) }
        return text
    }
}

extension ServerInfo {
    /// Refuses a text that this server would not take, by itself or in its frame.
    ///
    /// - Parameters:
    ///   - recipients: whom it is for; the frame names one of them.
    ///   - makeID: makes an id as long as the frame's.
    /// - Throws: `CommandFailure` with status 65.
    func check(
        _ text: String,
        to recipients: [Mobile],
        line: Int?,
        _ makeID: () -> MessageID
    ) throws(CommandFailure) {
        let (size, limit) = (text.utf8.count, limits.textBytes)
        guard size <= limit else {
            throw .badInput(
                "the text is \(size) bytes long; this server takes \(limit)",
                hint: "send it in parts",
                line: line
            )
        }
        // A byte is at most six once escaped; so most frames need not be measured.
        guard limits.frameBytes > 0, size > (limits.frameBytes - 256) / 6,
            let recipient = recipients.max(by: { "\($0)".count < "\($1)".count })
        else { return }
        let id = dialect == .v2 ? makeID() : nil
        let frame = FrameEncoder.encode(ClientFrame.message(to: recipient, text: MessageText(text), id: id)).count
        guard frame > limits.frameBytes else { return }
        throw .badInput(
            "the text needs a frame of \(frame) bytes, since much of it is escaped; this server takes \(limits.frameBytes)",
            hint: "send it in parts",
            line: line
        )
    }
}
