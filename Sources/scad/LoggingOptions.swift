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

    @Option(help: "Least level: trace, debug, info, notice, warning, error, critical. (default: info)")
    var logLevel: LevelArgument?

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
        var level = logLevel
        if level == nil, let text = environment.text("log-level") {
            guard let given = LevelArgument(argument: text) else {
                throw ValidationError("the environment's SCAD_LOG_LEVEL is \"\(text)\"; it must be a level like info")
            }
            level = given
        }
        let isJSON = format == .json
        var logger = Logger(label: "scad") { _ in LineLogHandler(isJSON: isJSON) }
        logger.logLevel = level?.level ?? .info
        return logger
    }
}

/// A log level on the command line.
struct LevelArgument: ExpressibleByArgument {
    let level: Logger.Level

    init?(argument: String) {
        guard let level = Logger.Level(rawValue: argument.lowercased()) else { return nil }
        self.level = level
    }

    static let allValueStrings: [String] = []
}
