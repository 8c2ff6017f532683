internal import Glibc
internal import SCACore

/// What can be seen without a server and without the history: this program, its settings, who it is for, where it runs.
struct LocalChecks: Sendable {
    private let invocation: Invocation

    init(_ invocation: Invocation) {
        self.invocation = invocation
    }

    var version: CheckRow { .ok(.version, Scactl.version) }

    /// - Parameter failure: why settings or variables cannot be used.
    func settings(_ failure: CommandFailure?) -> [CheckRow] {
        let unknown = UnknownNames(invocation.context).rows
        if let failure { return [.failed(.settings, failure)] + unknown }
        return unknown.isEmpty ? [place] : unknown
    }

    /// Where settings are read from.
    private var place: CheckRow {
        do throws(SettingsError) {
            let path = try invocation.paths.configFile
            return .ok(.settings, access(path, F_OK) == 0 ? "read from \(path)" : "none yet; login will write \(path)")
        } catch {
            return .failed(.settings, CommandFailure(explaining: error))
        }
    }

    /// - Parameter failure: why settings or variables, which may name it, cannot be used.
    func mobile(_ failure: CommandFailure?) -> CheckRow {
        do throws(CommandFailure) { return .ok(.mobile, "you are \(try invocation.mobile())") } catch {
            guard failure == nil else {
                let hint = "mend the settings first, or name yourself with --mobile"
                return .warning(.mobile, "the settings that may name it cannot be used", hint: hint)
            }
            return .warning(.mobile, "nobody is logged in", hint: error.hint)
        }
    }

    /// What a login has left as a proof; nothing without a login.
    func token() -> [CheckRow] {
        guard let mobile = try? invocation.mobile() else { return [] }
        do throws(SettingsError) {
            guard let path = try invocation.tokenFile(of: mobile) else { return [] }
            guard let stored = try StoredToken.load(from: path) else {
                return [.ok(.token, "none is kept; a server that wants one says so")]
            }
            return [row(for: stored, of: mobile)]
        } catch {
            return [.failed(.token, CommandFailure(explaining: error))]
        }
    }

    private func row(for stored: StoredToken, of mobile: Mobile) -> CheckRow {
        let again = "scactl login \(mobile)"
        guard stored.server == invocation.endpoint.description else {
            return .warning(
                .token,
                "the one that is kept is for \(stored.server), not for \(invocation.endpoint)",
                hint: again
            )
        }
        guard let content = TokenContent(of: stored.token) else {
            return .ok(.token, "kept; it does not say when it ends")
        }
        let time = invocation.context.time
        if let fault = content.fault(for: mobile, time) {
            return .failed(.token, "the one that is kept \(fault)", hint: again)
        }
        guard let end = content.end else { return .ok(.token, "kept; it does not say when it ends") }
        let date = time.zone.localTime(at: end * 1_000).date
        if end - time.now() / 1_000 < 3 * 86_400 { return .warning(.token, "it ends on \(date)", hint: again) }
        return .ok(.token, "good until \(date)")
    }

    var terminal: [CheckRow] {
        let context = invocation.context
        guard context.terminals.output || context.terminals.errors else {
            return [.ok(.terminal, "none here: rows are JSON lines, and there is no chat")]
        }
        let name = context.variable("TERM") ?? ""
        guard !name.isEmpty, name != "dumb" else {
            return [
                .warning(
                    .terminal,
                    "TERM is \(name.isEmpty ? "not set" : "dumb"): no colours, and a plain prompt",
                    hint: "export TERM=xterm-256color, if your terminal is like that"
                )
            ]
        }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { context.variable($0) }.first ?? "C"
        let letters = locale.lowercased().filter { $0 != "-" }
        guard letters.contains("utf8") else {
            return [
                .warning(
                    .terminal,
                    "the locale \(locale) is not UTF-8, and messages are: some letters may look wrong",
                    hint: "export LANG=C.UTF-8"
                )
            ]
        }
        guard Terminfo.knows(name, environment: context.environment) else {
            return [
                .warning(
                    .terminal,
                    "this machine has no description of the terminal \(name): the prompt is plain",
                    hint: "export TERM=xterm, or install ncurses-term"
                )
            ]
        }
        if let columns = context.columns(), columns < 40 {
            return [.warning(.terminal, "\(columns) columns are few; 40 do", hint: "make the window wider")]
        }
        let width = context.columns().map { ", \($0) columns" } ?? ""
        return [.ok(.terminal, "\(name), \(locale)\(width)")]
    }
}
