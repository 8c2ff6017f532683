internal import FoundationEssentials
internal import Glibc
internal import Logging

/// Writes each log event as one line on stderr, with one `write`: text for people, JSON for machines.
struct LineLogHandler: LogHandler {
    let isJSON: Bool
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(isJSON: Bool) {
        self.isJSON = isJSON
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let time = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let values = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        StandardError.write(
            isJSON ? json(time, event.level, event.message, values) : text(time, event.level, event.message, values)
        )
    }

    private func text(
        _ time: String,
        _ level: Logger.Level,
        _ message: Logger.Message,
        _ values: [(key: String, value: Logger.MetadataValue)]
    ) -> String {
        let pairs = values.map { " \($0.key)=\($0.value)" }.joined()
        return "\(time) \(level) \(message)\(pairs)\n"
    }

    private func json(
        _ time: String,
        _ level: Logger.Level,
        _ message: Logger.Message,
        _ values: [(key: String, value: Logger.MetadataValue)]
    ) -> String {
        var fields = ["time": time, "level": "\(level)", "message": "\(message)"]
        for (key, value) in values where fields[key] == nil { fields[key] = "\(value)" }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let line = try? encoder.encode(fields) else { return "" }
        return String(decoding: line, as: UTF8.self) + "\n"
    }
}

/// The standard error stream, unbuffered.
enum StandardError {
    /// Writes the text at once; what cannot be written is lost, as there is nowhere to say so.
    static func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
    }
}
