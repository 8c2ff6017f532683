internal import FoundationEssentials

extension HistoryRow {
    /// Reads a row from a line; nil if it is not one. Unknown keys are ignored, and so is an unknown `status`.
    ///
    /// Lines as `appendLine(to:)` writes them are read by position; any other JSON (other order, blanks, escapes)
    /// takes `JSONDecoder`, some twenty times slower.
    ///
    /// - Parameter line: the line without its newline.
    public init?(line: Span<UInt8>) {
        if let raw = RawRow(line) {
            self.init(raw, in: line)
        } else {
            self.init(decoding: line)
        }
    }

    /// Takes the parts out of the line that `raw` was found in; nil if the id or the text is not valid.
    init?(_ raw: RawRow, in line: Span<UInt8>) {
        guard !raw.textIsEscaped else {
            self.init(decoding: line)
            return
        }
        guard let id = MessageID(ascii: line.extracting(raw.id)),
            let text = try? UTF8Span(validating: line.extracting(raw.text))
        else { return nil }
        self.init(
            id: id,
            ts: raw.ts,
            direction: raw.direction,
            from: raw.from,
            to: raw.to,
            text: String(copying: text),
            status: raw.status
        )
    }

    private init?(decoding line: Span<UInt8>) {
        let data = line.withUnsafeBytes { Data($0) }
        guard let stored = try? JSONDecoder().decode(StoredRow.self, from: data),
            stored.type == "message",
            let id = MessageID(stored.id),
            let direction = Direction(rawValue: stored.dir),
            let from = Mobile(stored.from),
            let to = Mobile(stored.to)
        else { return nil }
        self.init(
            id: id,
            ts: stored.ts,
            direction: direction,
            from: from,
            to: to,
            text: stored.text,
            status: stored.status.flatMap(DeliveryStatus.init(rawValue:))
        )
    }
}

private struct StoredRow: Decodable {
    let type: String
    let id: String
    let ts: Int64
    let dir: String
    let from: String
    let to: String
    let text: String
    let status: String?
}
