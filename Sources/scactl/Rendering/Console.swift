internal import SCACore

/// What a command prints with: rows on stdout, everything else on stderr.
///
/// `--output auto` is decided by stdout alone, for both streams: a program that reads JSON rows wants to read JSON
/// errors, wherever they go.
struct Console: Sendable {
    private var rows: any Renderer
    private var errors: any Renderer
    private let errorStyle: TerminalStyle
    private let context: CommandContext
    private let isQuiet: Bool
    private let isVerbose: Bool

    /// - Throws: `CommandFailure` with status 64 if an option or a variable says something unknown.
    init(_ options: SharedOptions, in context: CommandContext) throws(CommandFailure) {
        let color = try TerminalStyle.Choice(option: options.color)
        let form = try Self.form(options.output, in: context)
        self.init(form, color, in: context, isQuiet: options.quiet, isVerbose: options.verbose)
    }

    /// For what is wrong with the command line itself: what it says of the form is heeded as far as it can be seen.
    init(reading arguments: [String], in context: CommandContext) {
        let output = arguments.lastValue(of: "--output", "-o").flatMap(Settings.Output.init)
        self.init((try? Self.form(output?.rawValue, in: context)) ?? .auto, .auto, in: context)
    }

    /// - Parameter form: `auto` is decided here.
    init(
        _ form: Settings.Output,
        _ color: TerminalStyle.Choice,
        in context: CommandContext,
        isQuiet: Bool = false,
        isVerbose: Bool = false
    ) {
        self.context = context
        self.isQuiet = isQuiet
        self.isVerbose = isVerbose
        let terminals = context.terminals
        errorStyle = TerminalStyle(color, isTerminal: terminals.errors, environment: context.environment)
        if form == .json || form == .auto && !terminals.output {
            rows = JSONLinesRenderer(isTerminal: terminals.output)
            errors = JSONLinesRenderer(isTerminal: terminals.errors)
        } else {
            let (zone, now) = (context.time.zone, context.time.now)
            let style = TerminalStyle(color, isTerminal: terminals.output, environment: context.environment)
            let wide = context.columns
            rows = TextRenderer(style: style, isTerminal: terminals.output, zone: zone, now: now, columns: wide)
            errors = TextRenderer(style: errorStyle, isTerminal: terminals.errors, zone: zone, now: now, columns: wide)
        }
    }

    /// The same console with JSON lines on both streams.
    func inJSON() -> Console {
        var copy = self
        copy.rows = JSONLinesRenderer(isTerminal: context.terminals.output)
        copy.errors = JSONLinesRenderer(isTerminal: context.terminals.errors)
        return copy
    }

    /// Prints rows on stdout; returns when they are out.
    func show(_ rows: [Row]) async throws(CommandFailure) {
        guard !rows.isEmpty else { return }
        try await context.output.write(rows.map { self.rows.line(for: $0) })
    }

    /// A row as it would be printed.
    func line(for row: Row) -> [UInt8] { rows.line(for: row) }

    /// Prints such lines on stdout; returns when they are out.
    func write(_ lines: [[UInt8]]) async throws(CommandFailure) {
        try await context.output.write(lines)
    }

    /// Prints a row from a thread that may block.
    func showBlocking(_ row: Row) throws(CommandFailure) {
        try context.output.writeBlocking(rows.line(for: row))
    }

    /// Prints an error on stderr, also with `--quiet`. If stderr cannot be written, nobody can be told.
    func report(_ failure: CommandFailure) async {
        guard failure != .readerGone, failure != .stopped else { return }
        try? await context.errors.write([errors.line(for: .error(failure))])
    }

    /// Makes a remark on stderr, unless `--quiet`.
    func remark(_ sentence: String) async {
        if !isQuiet { await write(sentence) }
    }

    /// Makes a remark also with `--quiet`: something is lost, and no row on stderr says so.
    func warn(_ sentence: String) async { await write(sentence) }

    /// Makes a remark that only somebody who sits before a terminal wants: what a silent tool would leave them wondering.
    func explain(_ sentence: String) async {
        if context.terminals.output, context.terminals.errors { await remark(sentence) }
    }

    /// Passes on what a program said on its stderr, with its name. From a thread that may block.
    func passOn(_ line: String, of name: String) {
        let shown = context.terminals.errors ? TextSanitizer.sanitized(line, .oneLine) : line
        try? context.errors.writeBlocking(Array("\(name): \(shown)\n".utf8))
    }

    /// Says what happens, with `--verbose`.
    func detail(_ sentence: String) async {
        if isVerbose { await write(sentence) }
    }

    private func write(_ sentence: String) async {
        let said = "scactl: \(TextSanitizer.sanitized(sentence, .oneLine))"
        let shown = WordWrap.wrapped(said, to: context.terminals.errors ? context.columns() : nil)
        try? await context.errors.write([Array("\(errorStyle(.dim, shown))\n".utf8)])
    }

    /// The config file comes last and is read only here if nothing else says it; a bad one is `Invocation`'s to report.
    private static func form(
        _ output: String?,
        in context: CommandContext
    ) throws(CommandFailure) -> Settings.Output {
        if let text = output {
            guard let form = Settings.Output(rawValue: text) else {
                throw .usage("--output takes auto, text or json; found \"\(text)\"", hint: "--output json")
            }
            return form
        }
        if let text = context.variable("SCACTL_OUTPUT") {
            guard let form = Settings.Output(rawValue: text) else {
                throw .usage("SCACTL_OUTPUT is \"\(text)\"; expected auto, text or json", hint: "unset SCACTL_OUTPUT")
            }
            return form
        }
        return (try? Settings.load(from: SettingsPaths(environment: context.environment).configFile))?.output ?? .auto
    }
}
