internal import SCACore

/// One line that a program writes to `pipe`, or that the program of a bot writes: a message, an answer, or a question.
struct PipeRequest: Hashable, Sendable {
    enum Action: Hashable, Sendable {
        /// Each mobile once.
        case send(to: [Mobile], text: String)
        /// To whoever sent the message of this id.
        case reply(to: MessageID, text: String)
        case who
    }

    var action: Action
    /// The program's own word for it, which comes back in the rows that answer it.
    var reference: String?
    /// Which line it was, from 1.
    var line: Int

    /// Reads one line.
    ///
    /// - Returns: nil if it is empty, or of blanks.
    /// - Throws: `CommandFailure` with status 65, the line's number, and its `ref` if that could be read.
    static func parse(_ record: RecordSplitter.Record) throws(CommandFailure) -> PipeRequest? {
        let line = record.number
        guard let bytes = record.bytes else {
            throw .badInput("a line over \(MessageRecord.longest) bytes", hint: "send it in parts", line: line)
        }
        guard let object = try Object.fromLine(bytes, number: line) else { return nil }
        do throws(CommandFailure) {
            return PipeRequest(action: try action(of: object, line: line), reference: object.ref, line: line)
        } catch {
            var failure = error
            failure.reference = object.ref
            throw failure
        }
    }

    private static func action(of object: Object, line: Int) throws(CommandFailure) -> Action {
        switch (object.op, object.reply, object.to) {
        case ("who", nil, nil): return .who
        case (let op?, nil, nil):
            throw .badInput("\"op\" is \"\(op.prefix(40))\"; \"who\" is known", hint: #"{"op":"who"}"#, line: line)
        case (nil, let id?, nil):
            guard let id = MessageID(id) else {
                throw .badInput("\"reply\" is not the id of a message", hint: replyExample, line: line)
            }
            return .reply(to: id, text: try object.text.asText(line: line))
        case (nil, nil, let to?):
            return .send(to: try to.mobiles(line: line).withoutRepeats, text: try object.text.asText(line: line))
        case (nil, nil, nil):
            throw .badInput("no \"to\", no \"reply\" and no \"op\"", hint: MessageRecord.example, line: line)
        default:
            throw .badInput(
                "only one of \"to\", \"reply\" and \"op\" is possible",
                hint: MessageRecord.example,
                line: line
            )
        }
    }

    private static let replyExample = #"{"reply":"ID OF THE MESSAGE","text":"hi"}"#

    /// What a line may have; what else it has is not looked at.
    private struct Object: Decodable {
        var to: JSONRecipients?
        var reply: String?
        var op: String?
        var text: String?
        var ref: String?
    }
}
