internal import SCAClient
internal import SCACore

/// Logs in: for `login`, and for the first `chat`.
///
/// With the token that was given, else with the one of the last login, else without. A server that does not admit that is
/// asked for a code; if it has none to give either, what it said stands.
struct LoginRun {
    let invocation: Invocation
    private let token: String?
    private let askCode: (CodeLogin.Offer) async throws -> String

    /// - Parameters:
    ///   - token: what was given to log in with; then no code is asked for.
    ///   - askCode: gets the code from the person; asked again when it was wrong, while there are tries left.
    init(
        _ invocation: Invocation,
        token: String? = nil,
        askCode: @escaping (CodeLogin.Offer) async throws -> String
    ) {
        self.invocation = invocation
        self.token = token
        self.askCode = askCode
    }

    /// Tries the mobile on the server and remembers both, and the token that let it in.
    ///
    /// - Returns: the row that says so.
    /// - Throws: why not; then nothing is remembered.
    func run(as mobile: Mobile) async throws -> Row {
        // Looked at first: a code is not to be wasted on a folder that nobody has named, nor on a stored token's mode.
        let configFile = try invocation.paths.configFile
        if token != nil { _ = try invocation.paths.token(of: mobile) }
        let stored = try token ?? invocation.token(of: mobile)
        var (proof, info) = (token, ServerInfo(dialect: .base))
        do {
            info = try await connect(as: mobile, with: stored)
        } catch let failure as CommandFailure where failure.status == .notAdmitted {
            guard token == nil else { throw failure.advising("ask whoever runs the server for a new token") }
            let fresh = try await tokenForCode(mobile, otherwise: failure)
            info = try await connect(as: mobile, with: fresh)
            proof = fresh
        }
        try await remember(mobile, proof, in: configFile)
        if info.dialect == .base {
            await invocation.console.remark(
                "this server speaks the base dialect: it can tell routed from offline, but not that a message was stored"
            )
        }
        return .login(mobile, server: invocation.endpoint.description, dialect: info.dialect)
    }

    private var patience: Duration { invocation.timeout ?? Invocation.patience }

    private func connect(as mobile: Mobile, with token: String?) async throws -> ServerInfo {
        var configuration = ClientConfiguration(endpoint: invocation.endpoint, mobile: mobile)
        configuration.token = token
        configuration.caFile = invocation.caFile
        configuration.isVisible = false
        configuration.connectTimeout = patience
        let store = HistoryStore(path: try invocation.paths.history(of: mobile))
        return try await invocation.withConnection(configuration, store: store, timeout: patience) { $0.info }
    }

    /// - Parameter refusal: what stands if the server gives no tokens for codes.
    private func tokenForCode(_ mobile: Mobile, otherwise refusal: CommandFailure) async throws -> String {
        _ = try invocation.paths.token(of: mobile)
        let (network, endpoint, caFile) = (invocation.context.network, invocation.endpoint, invocation.caFile)
        let made: CodeLogin.Offer?
        do throws(ClientError) {
            made = try await network.requestCode(for: mobile, at: endpoint, caFile: caFile, timeout: patience)
        } catch { throw CommandFailure(connecting: error, within: invocation.timeout) }
        guard let offer = made else {
            throw refusal.advising("with the token you were given: scactl login \(mobile) --token-file FILE")
        }
        var tries = max(offer.tries, 1)
        while true {
            let code = try await askCode(offer)
            tries -= 1
            do throws(ClientError) {
                return try await network.token(
                    for: mobile,
                    code: code,
                    at: endpoint,
                    caFile: caFile,
                    timeout: patience
                )
            } catch {
                let failure = CommandFailure(connecting: error, within: invocation.timeout)
                guard error.code == .unauthorized, tries > 0, invocation.context.terminals.input else { throw failure }
                await invocation.console.remark("\(error.message); \(tries == 1 ? "1 try" : "\(tries) tries") left")
            }
        }
    }

    private func remember(_ mobile: Mobile, _ proof: String?, in configFile: String) async throws {
        let server = invocation.endpoint.description
        if let proof {
            let path = try invocation.paths.token(of: mobile)
            try StoredToken(server: server, token: proof).save(to: path)
            await invocation.console.detail("the token is in \(path)")
            if !invocation.endpoint.isSecure, !invocation.endpoint.isLoopback {
                await invocation.console.remark(
                    "the token travels in the clear over ws://; whoever sees it can be \(mobile). Use wss:// if there is one"
                )
            }
        }
        var settings = invocation.settings
        settings.mobile = mobile
        settings.server = server
        settings.caFile = invocation.caFile
        try settings.save(to: configFile)
        await invocation.console.detail("remembered in \(configFile)")
    }
}

/// Secrets that come from outside, never from the command line, where others could see them.
struct GivenSecrets: Sendable {
    private let invocation: Invocation

    init(_ invocation: Invocation) {
        self.invocation = invocation
    }

    /// The token in a file.
    ///
    /// - Parameter path: `-` for stdin; nil gives nil.
    func token(in path: String?) async throws -> String? {
        guard let path else { return nil }
        let token =
            path == "-"
            ? StoredToken.token(in: try await wholeInput(atMost: StoredToken.longest * 2))
            : try StoredToken.readGiven(path)
        guard let token else {
            let place = path == "-" ? "stdin" : path
            throw CommandFailure.badInput(
                "\(place) holds no token: expected one word, and nothing else",
                hint: "--token-file - and paste the token alone, then Enter and Ctrl-D"
            )
        }
        return token
    }

    /// The code that was sent: from a file, from the person at the terminal, else from stdin.
    ///
    /// - Parameter file: nil for the terminal or stdin.
    func code(_ offer: CodeLogin.Offer, in file: CodeFile?) async throws -> String {
        let terminals = invocation.context.terminals
        let bytes: [UInt8]
        if let file, file.path != "-" {
            await invocation.console.explain("waiting for the code in \(file.path)")
            let life = Duration.seconds(offer.expiresSeconds)
            let patience = min(invocation.timeout ?? life, life)
            bytes = Array((try await file.code(within: patience, invocation.context.time) ?? "").utf8)
        } else if file == nil, terminals.input, terminals.errors {
            await invocation.console.remark(offer.sentence)
            try await invocation.context.errors.write([Array("Code: ".utf8)])
            bytes = try await line()
        } else {
            bytes = try await line()
        }
        let code = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        guard !code.isEmpty else {
            throw CommandFailure(
                .client(.unauthorized),
                "no code was given",
                hint: "type the code that was sent, or pipe it in",
                status: .notAdmitted
            )
        }
        return code
    }

    private func line() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while !bytes.contains(0x0A), bytes.count < 1_024, let block = try await invocation.context.input.next() {
            bytes += block
        }
        return Array(bytes.prefix { $0 != 0x0A })
    }

    private func wholeInput(atMost limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count <= limit, let block = try await invocation.context.input.next() { bytes += block }
        return bytes
    }
}

extension CodeLogin.Offer {
    /// What to do now. Whether anything was sent, nobody says.
    var sentence: String {
        let life = Duration.seconds(expiresSeconds).shortText
        return "if the server knows this mobile, a code is on its way; it is good for \(life)"
    }
}

extension CommandFailure {
    /// The same with another hint.
    func advising(_ hint: String) -> CommandFailure {
        var copy = self
        copy.hint = hint
        return copy
    }
}

extension Endpoint {
    /// Whether what is sent there stays on this machine.
    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}
