internal import ArgumentParser
internal import SCACore
internal import SCAServerd

/// Who is let in, as options; units and defaults are in `AuthConfiguration`.
struct AuthOptions: ParsableArguments {
    @Option(
        help: "What clients must show: none, token (a signed one), code (the same, and codes give one). (default: none)"
    )
    var auth: ModeArgument?

    @Option(
        help: ArgumentHelp(
            "File with public keys (a JWK set) that tokens are checked with; repeat or commas. HUP reads it again.",
            valueName: "file"
        ),
        completion: .file()
    )
    var tokenKey: [String] = []

    @Option(help: "What the aud of a token must name. (default: sca)")
    var tokenAudience: String?

    @Option(
        help: ArgumentHelp("File with the private key that signs the tokens given for codes.", valueName: "file"),
        completion: .file()
    )
    var tokenSigningKey: String?

    @Option(.duration, help: "How long the tokens given for codes are good. (default: 30d)")
    var tokenTtl: Duration?

    @Option(
        help: ArgumentHelp(
            """
            Program that delivers a login code, and its arguments, split at blanks: no shell, no quotes. It reads \
            {"mobile":…,"code":…} on stdin and exits 0 once it has sent it.
            """,
            valueName: "words"
        )
    )
    var codeCommand: String?

    @Option(.duration, help: "Kill that program after so long. (default: 10s)")
    var codeCommandTimeout: Duration?

    @Option(.duration, help: "How long a code can be used, at most 5m. (default: 5m)")
    var codeTtl: Duration?

    @Option(.number, help: "Tries for a code. (default: 5)")
    var codeTries: Int?

    @Option(.number, help: "Codes for one mobile within an hour. (default: 5)")
    var codesPerMobile: Int?

    @Option(.number, help: "Requests to log in by code from one address within an hour. (default: 60)")
    var loginsPerAddress: Int?

    @Option(.number, help: "Codes that wait to be used, of all mobiles. (default: 10000)")
    var maxCodes: Int?

    @Option(
        help: ArgumentHelp(
            """
            Origin whose pages may connect besides the server's own, like https://chat.example.org, or * for any; \
            repeat or commas.
            """,
            valueName: "origin"
        )
    )
    var allowOrigin: [String] = []

    func apply(to configuration: inout AuthConfiguration, _ environment: EnvironmentReader) throws {
        func set<Value>(_ path: WritableKeyPath<AuthConfiguration, Value>, _ given: Value?) {
            if let given { configuration[keyPath: path] = given }
        }
        set(\.mode, try auth?.mode ?? Self.mode(environment.text("auth")))
        set(\.keyFiles, Self.list(tokenKey, environment.text("token-key")))
        set(\.audience, tokenAudience ?? environment.text("token-audience"))
        configuration.signingKeyFile = tokenSigningKey ?? environment.text("token-signing-key")
        set(\.tokenLifetime, tokenTtl ?? environment.value("token-ttl", .duration))
        set(\.codeCommand, (codeCommand ?? environment.text("code-command")).map(Self.words))
        set(\.codeCommandTimeout, codeCommandTimeout ?? environment.value("code-command-timeout", .duration))
        set(\.codeLifetime, codeTtl ?? environment.value("code-ttl", .duration))
        set(\.codeTries, codeTries ?? environment.value("code-tries", .number))
        set(\.codesPerMobile, codesPerMobile ?? environment.value("codes-per-mobile", .number))
        set(\.loginsPerAddress, loginsPerAddress ?? environment.value("logins-per-address", .number))
        set(\.pendingCodes, maxCodes ?? environment.value("max-codes", .number))
        set(\.allowedOrigins, Self.list(allowOrigin, environment.text("allow-origin")))
    }

    private static func mode(_ text: String?) throws -> AuthConfiguration.Mode? {
        guard let text else { return nil }
        if let mode = AuthConfiguration.Mode(rawValue: text) { return mode }
        throw ValidationError("the environment's SCAD_AUTH is \"\(text)\"; it must be none, token or code")
    }

    /// Values that may be repeated or separated by commas; nil if there are none.
    private static func list(_ given: [String], _ environment: String?) -> [String]? {
        let texts = given.isEmpty ? [environment].compactMap(\.self) : given
        let values = texts.flatMap { $0.split(separator: ",") }.map(trimmed).filter { !$0.isEmpty }
        return values.isEmpty ? nil : values
    }

    private static func trimmed(_ text: Substring) -> String {
        var rest = text.drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return String(rest)
    }

    private static func isBlank(_ letter: Character) -> Bool { letter == " " || letter == "\t" }

    private static func words(_ text: String) -> [String] {
        text.split(whereSeparator: isBlank).map(String.init)
    }
}

/// What clients must show, on the command line.
struct ModeArgument: ExpressibleByArgument {
    let mode: AuthConfiguration.Mode

    init?(argument: String) {
        guard let mode = AuthConfiguration.Mode(rawValue: argument) else { return nil }
        self.mode = mode
    }

    static let allValueStrings = AuthConfiguration.Mode.allCases.map(\.rawValue)
}
