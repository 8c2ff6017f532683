internal import FoundationEssentials
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
    /// Each line is one.
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
            throw .badInput("a record over \(longest) bytes", line: record.number)
        }
        if form == .jsonLines { return try parseJSON(bytes, line: record.number) }
        if bytes.isEmpty { return nil }
        return MessageRecord(text: try text(bytes, line: record.number), line: record.number)
    }

    /// Reads all of stdin as one message.
    static func parseWhole(_ bytes: [UInt8]) throws(CommandFailure) -> MessageRecord {
        let bytes = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
        guard !bytes.isEmpty else {
            throw .badInput("nothing to send: stdin is empty", hint: "scactl send --to MOBILE TEXT")
        }
        return MessageRecord(text: try text(bytes, line: nil))
    }

    private static func text(_ bytes: some Collection<UInt8>, line: Int?) throws(CommandFailure) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .badInput("not UTF-8; a message is text", hint: "base64 for anything else", line: line)
        }
        return text
    }

    private static func parseJSON(_ bytes: [UInt8], line: Int) throws(CommandFailure) -> MessageRecord? {
        if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return nil }
        let object: JSONRecord
        do {
            object = try JSONDecoder().decode(JSONRecord.self, from: Data(bytes))
        } catch DecodingError.typeMismatch(_, let context) where !context.codingPath.isEmpty {
            let key = context.codingPath.first?.stringValue ?? ""
            throw .badInput(
                key == "to" ? "\"to\" is not a mobile or a list of them" : "\"\(key)\" is not a string",
                hint: example,
                line: line
            )
        } catch {
            throw .badInput("not a JSON object", hint: example, line: line)
        }
        guard let text = object.text else { throw .badInput("no \"text\"", hint: example, line: line) }
        guard !text.isEmpty else { throw .badInput("\"text\" is empty", hint: example, line: line) }
        var recipients: [Mobile]?
        if let to = object.to {
            recipients = []
            for word in to.words { recipients?.append(try Mobile(argument: word, line: line)) }
        }
        return MessageRecord(recipients: recipients, text: text, reference: object.ref, line: line)
    }
}

private struct JSONRecord: Decodable {
    struct Recipients: Decodable {
        var words: [String]

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let word = try? value.decode(String.self) {
                words = [word]
            } else {
                words = try value.decode([String].self)
            }
        }
    }

    var to: Recipients?
    var text: String?
    var ref: String?
}
