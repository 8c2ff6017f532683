internal import SCACore

/// How rows become bytes.
protocol Renderer: Sendable {
    /// The line for a row, newline included.
    func line(for row: Row) -> [UInt8]
}

/// Rows for programs: one flat JSON object a line, the keys always in the same order, no blanks.
///
/// A message is the very line that the history has. On a terminal, what terminals obey although JSON lets it pass
/// (DEL, C1 controls, and what turns the direction of text) is escaped too; it is the same JSON to a program.
struct JSONLinesRenderer: Renderer {
    var isTerminal = false

    func line(for row: Row) -> [UInt8] {
        var bytes: [UInt8] = []
        switch row {
        case .message(let row): row.appendLine(to: &bytes)
        default:
            var object = JSONObjectEncoder()
            encode(row, into: &object)
            bytes = object.finished()
        }
        return isTerminal ? TextSanitizer.escapingControls(inJSON: bytes) : bytes
    }

    private func encode(_ row: Row, into object: inout JSONObjectEncoder) {
        switch row {
        case .message: break
        case .sent(let sent): encode(sent, into: &object)
        case .user(let mobile, let isOnline, let reference):
            object.add("type", "user")
            object.add("mobile", mobile.description)
            object.add("online", isOnline)
            object.add("ref", reference)
        case .who(let online, let reference):
            object.add("type", "who")
            object.add("ref", reference)
            object.add("online", Int64(online))
        case .presence(let mobile, let isOnline, let time):
            object.add("type", "presence")
            object.add("mobile", mobile.description)
            object.add("online", isOnline)
            object.add("ts", time)
        case .status(let status):
            object.add("type", "status")
            object.add("state", status.state.rawValue)
            object.add("attempt", status.attempt.map(Int64.init))
            object.add("gap_ms", status.gap?.milliseconds)
            object.add("dropped", status.dropped.map(Int64.init))
            object.add("ts", status.unixMilliseconds)
        case .health(let health):
            object.add("type", "health")
            object.add("ok", health.isHealthy)
            object.add("status", health.status)
            object.add("connections", health.connections.map(Int64.init))
            object.add("server", health.server)
            object.add("ms", health.elapsed.milliseconds)
        case .login(let mobile, let server, let dialect):
            object.add("type", "login")
            object.add("mobile", mobile.description)
            object.add("server", server)
            object.add("dialect", dialect.rawValue)
        case .check(let check):
            object.add("type", "check")
            object.add("name", check.subject.rawValue)
            object.add("ok", check.grade != .failed)
            object.add("grade", check.grade.rawValue)
            object.add("message", check.message)
            object.add("hint", check.hint)
        case .error(let failure):
            object.add("type", "error")
            object.add("code", failure.code.word)
            object.add("message", failure.message)
            object.add("hint", failure.hint)
            object.add("exit", Int64(failure.status.rawValue))
            object.add("line", failure.line.map(Int64.init))
            object.add("ref", failure.reference)
        }
    }

    private func encode(_ sent: SentRow, into object: inout JSONObjectEncoder) {
        object.add("type", "sent")
        object.add("id", sent.id.text)
        object.add("ref", sent.reference)
        object.add("to", sent.to.description)
        object.add("status", sent.status.rawValue)
        object.add("ts", sent.unixMilliseconds)
        object.add("ms", sent.elapsed.milliseconds)
        object.add("reason", sent.reason)
    }
}
