internal import SCAClient
internal import SCACore

/// How things look above the prompt. Messages look as `listen` and `history` print them; everything else is dim and short, so
/// that what people say stands out.
///
/// All that comes from elsewhere goes through `TextSanitizer`, in `TextRenderer` or here.
struct ChatView: Sendable {
    /// How many characters of a message name it in its mark.
    private static let longestName = 40
    /// How many mobiles are listed in one line.
    private static let longestList = 50

    let renderer: TextRenderer
    /// What `/status` tells of the place: lines that do not change.
    var place: [String] = []
    private var style: TerminalStyle { renderer.style }

    /// The lines for one thing, each with its newline.
    func lines(for line: ChatLine) -> [[UInt8]] {
        switch line {
        case .message(let row): [renderer.line(for: .message(row))]
        case .failure(let failure): [renderer.line(for: .error(failure))]
        default: texts(of: line).map { Array((WordWrap.wrapped($0, to: renderer.columns()) + "\n").utf8) }
        }
    }

    private func texts(of line: ChatLine) -> [String] {
        switch line {
        case .message, .failure: []
        case .outcome(let delivery, let isBare, let isToPeer): [outcome(delivery, isBare, isToPeer)]
        case .kept: [style(.dim, "  … kept until the connection is back")]
        case .notSent(let message): [style(.red, "not sent to \(message.to):") + " \(oneLine(message.text))"]
        case .presence(let came, let went, let time): [presence(came, went, time)]
        case .online(let mobiles, let mine): [online(mobiles, mine)]
        case .status(let status): texts(of: status)
        case .help: help
        case .remark(let sentence): [style(.dim, oneLine(sentence))]
        case .refusal(let sentence): [style(.yellow, oneLine(sentence))]
        }
    }

    private func outcome(_ delivery: Delivery, _ isBare: Bool, _ isToPeer: Bool) -> String {
        var line = "  \(renderer.toned(delivery.status)) \(style(.dim, words(for: delivery)))"
        if !isBare {
            line += style(.dim, isToPeer ? ": " : ", to \(delivery.to): ") + style(.dim, name(of: delivery.text))
        }
        return line
    }

    private func words(for delivery: Delivery) -> String {
        switch delivery.status {
        case .stored, .routed: return delivery.status.rawValue
        case .offline: return "offline, not delivered"
        case .busy: return "busy, not delivered"
        case .timeout: return "timeout, perhaps not delivered"
        case .rejected: return "rejected" + (delivery.reason.map { " (\(oneLine($0)))" } ?? "")
        }
    }

    private func name(of text: String) -> String {
        text.count <= Self.longestName ? oneLine(text) : oneLine(String(text.prefix(Self.longestName))) + "…"
    }

    private func presence(_ came: [Mobile], _ went: [Mobile], _ time: Int64) -> String {
        let stamp = renderer.stamp(time)
        var parts: [String] = []
        if !came.isEmpty { parts.append("\(list(came)) came online") }
        if !went.isEmpty { parts.append("\(list(went)) went offline") }
        return "\(stamp) \(style(.dim, parts.joined(separator: "; ")))"
    }

    private func online(_ mobiles: [Mobile], _ mine: Mobile) -> String {
        let others = mobiles.filter { $0 != mine }
        return others.isEmpty ? "nobody else is online" : "\(others.count) online: \(list(others))"
    }

    private func texts(of status: ChatStatus) -> [String] {
        var lines = place
        lines.append(status.isConnected ? "connected" : "no connection; trying again")
        if let peer = status.peer {
            let presence = status.isPeerOnline.map { $0 ? ", who is online" : ", who is not online" } ?? ""
            lines.append("writing to \(peer)\(presence)")
        } else {
            lines.append("writing to nobody yet: /to MOBILE")
        }
        if status.underWay > 0 { lines.append("\(status.underWay) sent and not answered yet") }
        if status.waiting > 0 { lines.append("\(status.waiting) kept until the connection is back") }
        return lines
    }

    private var help: [String] {
        let width = SlashCommand.all.map { $0.name.count + 1 + $0.argument.count }.max() ?? 0
        // Side by side where there is room for it.
        let isNarrow = renderer.columns().map { $0 < 80 } ?? false
        let commands = SlashCommand.all.flatMap { command in
            let usage = command.argument.isEmpty ? command.name : "\(command.name) \(command.argument)"
            if isNarrow { return [usage, "    \(command.does)"] }
            return [usage + String(repeating: " ", count: width + 2 - usage.count) + command.does]
        }
        return commands + ["Anything else is sent to the current peer; //x sends /x. Tab completes."]
    }

    private func list(_ mobiles: [Mobile]) -> String {
        let shown = mobiles.prefix(Self.longestList).map(\.description).joined(separator: ", ")
        return mobiles.count > Self.longestList ? "\(shown) and \(mobiles.count - Self.longestList) more" : shown
    }

    private func oneLine(_ text: String) -> String { TextSanitizer.sanitized(text, .oneLine) }
}
