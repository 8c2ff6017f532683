internal import SCACore

/// Whom a mobile has talked to on this device: for Tab, at a shell and at the prompt.
///
/// Only the end of the history is looked at, so that it costs the same with any history. It is asked for between two
/// keystrokes, where nobody wants to hear of trouble: what cannot be read is nobody.
enum KnownPeers {
    /// How many rows are looked at, counted from the end: a millisecond or two.
    static let rows = 1000

    /// The peers in the last rows of a history, the one of the newest message first, each once.
    ///
    /// - Parameters:
    ///   - historyPath: the file, `SettingsPaths.history(of:)`.
    ///   - limit: how many peers at most.
    static func read(historyPath: String, limit: Int) -> [Mobile] {
        var reader = HistoryReader(path: historyPath)
        guard let rows = try? reader.last(rows) else { return [] }
        return Array(peers(in: rows).prefix(max(0, limit)))
    }

    /// - Parameter rows: oldest first.
    static func peers(in rows: [HistoryRow]) -> [Mobile] {
        rows.reversed().map(\.peer).withoutRepeats
    }
}
