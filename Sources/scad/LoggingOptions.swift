internal import ArgumentParser
internal import Logging
internal import SCAServerd

/// What is logged and how.
struct LoggingOptions: ParsableArguments {
    /// The shapes of a log line.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Option(help: "Log lines as text or JSON, on stderr. (default: text)")
    var logFormat: Format?

    @Option(.level, help: "Least level: trace, debug, info, notice, warning, error, critical. (default: info)")
    var logLevel: Logger.Level?

    @Flag(help: "Show whole mobiles in logs; otherwise 98******10.")
    var logMobiles = false

    func makeLogger(
        configuration: inout ServerConfiguration,
        _ environment: EnvironmentReader
    ) throws -> Logger {
        configuration.logsMobiles = logMobiles || environment.flag("log-mobiles") ?? false
        var format = logFormat
        if format == nil, let text = environment.text("log-format") {
            guard let given = Format(rawValue: text) else {
                throw ValidationError("the environment's SCAD_LOG_FORMAT is \"\(text)\"; it must be text or json")
            }
            format = given
        }
        let isJSON = format == .json
        var logger = Logger(label: "scad") { _ in LineLogHandler(isJSON: isJSON) }
        logger.logLevel = logLevel ?? environment.value("log-level", .level) ?? .info
        return logger
    }
}

extension OptionValue<Logger.Level> {
    fileprivate static var level: Self {
        let all = Logger.Level.allCases.map(\.rawValue)
        return Self(name: "level", expected: "one of \(all.joined(separator: ", "))") {
            Logger.Level(rawValue: $0.lowercased())
        }
    }
}
