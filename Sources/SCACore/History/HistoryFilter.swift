/// Which rows are wanted: all that pass every condition given. Made empty, it wants everything.
public struct HistoryFilter: Sendable, Hashable {
    /// Conversations with these only, in either direction; empty for all.
    public var peers: Set<Mobile> = []

    /// Messages sent by these only; empty for all.
    public var senders: Set<Mobile> = []

    /// Only what came in, or only what went out; nil for both.
    public var direction: HistoryRow.Direction?

    /// Not before this, in milliseconds since 1970 UTC; nil for no limit.
    public var since: Int64?

    /// Before this, in milliseconds since 1970 UTC; nil for no limit.
    public var until: Int64?

    /// Only messages with this text in them; nil for all.
    public var search: HistorySearch?

    /// Makes a filter that wants every row.
    public init() {}

    /// Whether a row is wanted: for rows that come from elsewhere than the file.
    public func matches(_ row: HistoryRow) -> Bool {
        matches(ts: row.ts, direction: row.direction, from: row.from, to: row.to)
            && (search?.matches(row.text) ?? true)
    }

    /// What every wanted line has in it; nil if nothing can be said.
    var hint: LineHint? {
        if let text = search?.rawText { return LineHint(text) }
        guard peers.count == 1, let peer = peers.first else { return nil }
        return LineHint(Array("\"\(peer)\"".utf8))
    }

    /// What a line is to this filter.
    enum Verdict {
        case wanted(HistoryRow)
        case unwanted
        case notARow
    }

    /// Judges a line, cheapest question first: the text as bytes, the rest by position, the decoded text last.
    ///
    /// Only what is looked at can be found not to be a row: garbage without the wanted text is `.unwanted`.
    func judge(_ line: Span<UInt8>) -> Verdict {
        if let search, !search.mayMatch(line: line) { return .unwanted }
        if let raw = RawRow(line) {
            guard matches(ts: raw.ts, direction: raw.direction, from: raw.from, to: raw.to) else { return .unwanted }
            guard let row = HistoryRow(raw, in: line) else { return .notARow }
            return search?.matches(row.text) ?? true ? .wanted(row) : .unwanted
        }
        guard let row = HistoryRow(line: line) else { return .notARow }
        return matches(row) ? .wanted(row) : .unwanted
    }

    private func matches(ts: Int64, direction: HistoryRow.Direction, from: Mobile, to: Mobile) -> Bool {
        if let since, ts < since { return false }
        if let until, ts >= until { return false }
        if let wanted = self.direction, direction != wanted { return false }
        if !senders.isEmpty, !senders.contains(from) { return false }
        return peers.isEmpty || peers.contains(direction == .in ? from : to)
    }
}
