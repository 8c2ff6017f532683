internal import SCACore

/// Rows for people.
///
/// What matters comes first and short, so that 40 columns are enough; on a terminal a long line is broken at a blank
/// (`WordWrap`). Neither a mark nor a colour says anything that a word beside it does not: some people hear rows.
/// On a terminal a message keeps its line breaks, indented so that nobody can fake a row of their own; through a
/// pipe they are shown as `\n`, so that one row is one line, and the date is always there. Everything that comes
/// from elsewhere goes through `TextSanitizer`; only the marks and tones added here are for the terminal to obey.
struct TextRenderer: Renderer {
    var style: TerminalStyle
    var isTerminal: Bool
    var zone: LocalZone
    /// Milliseconds since 1970 UTC, to tell today's messages from older ones.
    var now: @Sendable () -> Int64
    /// How wide the terminal is now; nil if lines are not to be broken.
    var columns: @Sendable () -> Int? = { nil }

    func line(for row: Row) -> [UInt8] {
        let text = text(of: row)
        guard isTerminal, let columns = columns() else { return Array((text + "\n").utf8) }
        if case .message = row {
            return Array((WordWrap.wrapped(text, to: columns) { _ in Self.indent } + "\n").utf8)
        }
        return Array((WordWrap.wrapped(text, to: columns) + "\n").utf8)
    }

    /// Where the further lines of a message begin, in columns: nothing in it can pass for a row of its own.
    private static let indent = 6

    private func text(of row: Row) -> String {
        switch row {
        case .message(let message): text(of: message)
        case .sent(let sent): text(of: sent)
        case .user(let mobile, true, _): "\(mobile) \(style(.dim, "online"))"
        case .user(let mobile, false, _): "\(mobile) \(style(.yellow, "offline"))"
        case .who(let online, _): "\(online) online"
        case .presence(let mobile, let isOnline, let time):
            "\(stamp(time)) \(mobile) \(isOnline ? style(.green, "came online") : style(.dim, "went offline"))"
        case .status(let status): "\(stamp(status.unixMilliseconds)) \(style(.dim, text(of: status)))"
        case .health(let health): text(of: health)
        case .login(let mobile, let server, let dialect):
            "\(style(.green, "✓")) logged in: \(mobile) at \(sanitized(server)) (\(dialect.rawValue))"
        case .check(let check): text(of: check)
        case .error(let failure): text(of: failure)
        }
    }

    private func text(of message: HistoryRow) -> String {
        let layout: TextSanitizer.Layout = isTerminal ? .lines(indent: Self.indent) : .oneLine
        let text = TextSanitizer.sanitized(message.text, layout)
        switch message.direction {
        case .in: return "\(stamp(message.ts)) \(style(.cyan, "\(message.from)")): \(text)"
        case .out:
            let outcome = message.status.map { " " + style(.dim, "\(mark($0)) \($0.rawValue)") } ?? ""
            return "\(stamp(message.ts)) to \(style(.bold, "\(message.to)")): \(text)\(outcome)"
        }
    }

    private func text(of sent: SentRow) -> String {
        var line = "\(toned(sent.status)) \(sent.to) \(sent.status.rawValue)"
        if sent.status == .stored || sent.status == .routed { line += style(.dim, " \(sent.elapsed.milliseconds) ms") }
        if let reason = sent.reason { line += ": \(sanitized(reason))" }
        if let reference = sent.reference { line += style(.dim, " (\(sanitized(reference)))") }
        return line
    }

    private func text(of status: StatusRow) -> String {
        switch status.state {
        case .connected: "connected"
        case .reconnecting: "reconnecting, attempt \(status.attempt ?? 1)"
        case .reconnected: "connected again" + (status.gap.map { " after \($0.rounded.shortText)" } ?? "")
        case .lagging:
            status.dropped.map { "lagging: \($0) message\($0 == 1 ? "" : "s") left out" }
                ?? "lagging: the reader is slower than messages come"
        }
    }

    private func text(of health: HealthRow) -> String {
        let mark = health.isHealthy ? style(.green, "✓") : style(.red, "✗")
        var line = "\(mark) \(sanitized(health.server)) \(sanitized(health.status))"
        if let connections = health.connections { line += ", \(connections) connection\(connections == 1 ? "" : "s")" }
        return line + style(.dim, ", \(health.elapsed.milliseconds) ms")
    }

    private func text(of check: CheckRow) -> String {
        let mark =
            switch check.grade {
            case .ok: style(.green, "✓")
            case .warning: style(.yellow, "!")
            case .failed: style(.red, "✗")
            }
        let line = "\(mark) \(check.subject.rawValue) \(check.grade.rawValue): \(sanitized(check.message))"
        return check.hint.map { "\(line)\n\(text(ofHint: $0))" } ?? line
    }

    /// What to do, beneath what is wrong. Some hints begin with the word themselves.
    private func text(ofHint hint: String) -> String {
        "  try: \(sanitized(hint.hasPrefix("try ") ? String(hint.dropFirst(4)) : hint))"
    }

    private func text(of failure: CommandFailure) -> String {
        let place = failure.line.map { "line \($0): " } ?? ""
        let sentence = "\(style(.red, "scactl:")) \(place)\(sanitized(failure.message))"
        return "\(sentence)\n\(text(ofHint: failure.hint))"
    }

    /// The mark of an outcome, in its tone.
    func toned(_ status: DeliveryStatus) -> String {
        switch status {
        case .stored, .routed: style(.green, mark(status))
        case .timeout: style(.yellow, mark(status))
        case .offline, .busy, .rejected: style(.red, mark(status))
        }
    }

    private func mark(_ status: DeliveryStatus) -> String {
        switch status {
        case .stored: "✓✓"
        case .routed: "✓"
        case .timeout: "?"
        case .offline, .busy, .rejected: "✗"
        }
    }

    private func sanitized(_ text: String) -> String { TextSanitizer.sanitized(text, .oneLine) }

    /// When it was: on a terminal only as much as is needed from today.
    func stamp(_ unixMilliseconds: Int64) -> String {
        let time = zone.localTime(at: unixMilliseconds)
        guard isTerminal else { return "\(time.date) \(time.time)" }
        let today = zone.localTime(at: now())
        if time.date == today.date { return style(.dim, time.hourAndMinute) }
        let day = time.year == today.year ? time.monthAndDay : time.date
        return style(.dim, "\(day) \(time.hourAndMinute)")
    }
}

extension Duration {
    /// Without what nobody wants to read: tenths of a second from one second up, milliseconds below.
    var rounded: Duration {
        let unit: Int64 = milliseconds < 1000 ? 1 : 100
        return .milliseconds(milliseconds / unit * unit)
    }
}
