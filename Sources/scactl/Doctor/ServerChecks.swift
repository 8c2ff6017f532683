internal import SCAClient
internal import SCACore

/// What can be seen of the server: whether it answers, its certificate, whether it lets us in, its clock.
///
/// It is asked twice at most, `/health` and then an upgrade, and the second only if the first was answered: so a dead server
/// costs one `patience`.
struct ServerChecks: Sendable {
    private let invocation: Invocation
    private let patience: Duration

    private var endpoint: Endpoint { invocation.endpoint }

    /// - Parameter patience: for each time it is asked.
    init(_ invocation: Invocation, patience: Duration) {
        self.invocation = invocation
        self.patience = patience
    }

    /// Said instead where nobody can tell which server is meant.
    static let unknown = CheckRow.warning(
        .server,
        "the settings that may name it cannot be used",
        hint: "mend the settings first, or name it with --server"
    )

    func rows() async -> [CheckRow] {
        let report: HealthReport
        do throws(ClientError) {
            let network = invocation.context.network
            report = try await network.health(of: endpoint, caFile: invocation.caFile, timeout: patience)
        } catch {
            return [.failed(error.isAboutTLS ? .tls : .server, error.diagnosis)]
        }
        // Right after the answer, which is as long ago as half its way took.
        let now = invocation.context.time.now()
        return [server(report)] + tls(report) + (await session()) + clock(report, now)
    }

    private func server(_ report: HealthReport) -> CheckRow {
        let place = report.peer.address.flatMap { $0 == endpoint.host ? nil : " (\($0))" } ?? ""
        let what = "\(endpoint)\(place) answers \"\(report.status)\" in \(report.elapsed.milliseconds) ms"
        if report.ok { return .ok(.server, what) }
        return .failed(.server, what, hint: "scactl health --wait 1m, until it is well again")
    }

    private func tls(_ report: HealthReport) -> [CheckRow] {
        guard endpoint.isSecure else {
            guard !endpoint.isLoopback else { return [] }
            return [
                .warning(
                    .tls,
                    "ws:// is in the clear: whoever is between can read and change everything",
                    hint: "scactl login MOBILE --server wss://…, if the server has a certificate"
                )
            ]
        }
        guard let end = report.peer.certificateEnd else { return [] }
        let days = (end - invocation.context.time.now() / 1_000) / 86_400
        let date = invocation.context.time.zone.localTime(at: end * 1_000).date
        guard days <= 14 else { return [.ok(.tls, "the certificate is trusted, and good until \(date)")] }
        let rest = days == 1 ? "1 day" : "\(days) days"
        return [
            .warning(.tls, "the certificate ends on \(date), in \(rest)", hint: "tell the server's owner to renew it")
        ]
    }

    /// Whether it opens a session for us; without a login there is nobody to open one for.
    private func session() async -> [CheckRow] {
        guard let mobile = try? invocation.mobile(), var configuration = try? invocation.configuration(isVisible: false)
        else { return [] }
        configuration.sendsReceipts = false
        configuration.connectTimeout = patience
        let connection = invocation.context.network.connection(configuration, store: nil)
        do throws(ClientError) {
            let info = try await connection.connect()
            await connection.close(grace: .zero)
            let name = info.server.map { "\($0) " } ?? ""
            let limit = info.dialect == .base ? ", and cannot tell that a message was stored" : ""
            return [.ok(.session, "\(name)admits \(mobile) and speaks \(info.dialect.rawValue)\(limit)")]
        } catch {
            return [.failed(.session, error.diagnosis)]
        }
    }

    /// How far the two clocks are apart; nothing if the server's is not known.
    private func clock(_ report: HealthReport, _ now: Int64) -> [CheckRow] {
        guard let theirs = report.peer.clock else { return [] }
        // The server's is in whole seconds, so it is half a second more in the middle.
        let ahead = (now - report.elapsed.milliseconds / 2 - theirs * 1_000 - 500) / 1_000
        let apart = abs(ahead)
        if apart <= 5 { return [.ok(.clock, "agrees with the server's")] }
        let side = ahead > 0 ? "ahead of" : "behind"
        let words = "this machine's is \(Self.roughly(apart)) \(side) the server's"
        let hint = "timedatectl status, here and there"
        // A token from that far in the future is refused (`docs/protocol.md`).
        return [apart <= 60 ? .warning(.clock, words, hint: hint) : .failed(.clock, words, hint: hint)]
    }

    /// A number of seconds for reading, in whole units: `2h` for 7,199.
    static func roughly(_ seconds: Int64) -> String {
        let units: [(Int64, String)] = [(86_400, "d"), (3_600, "h"), (60, "m")]
        // Below two of a unit the next smaller one says more.
        let unit = units.first { seconds >= $0.0 * 39 / 20 } ?? (1, "s")
        return "\((seconds + unit.0 / 2) / unit.0)\(unit.1)"
    }
}

extension ClientError {
    /// Whether it is the secure connection that failed, and not the way to the server.
    fileprivate var isAboutTLS: Bool { code == .tlsFailed || code == .badConfiguration }

    /// The failure with another hint, if its own is to ask the one who is asking.
    fileprivate var diagnosis: CommandFailure {
        let failure = CommandFailure(explaining: self)
        guard failure.hint.contains("scactl doctor") else { return failure }
        let patience = code == .timeout ? "a longer --timeout; if that does not help, " : ""
        return failure.advising("\(patience)ask whoever runs the server")
    }
}
