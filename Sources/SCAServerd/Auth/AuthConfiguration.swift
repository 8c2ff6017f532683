/// Who is let in and how they prove who they are: every choice with its unit, its default and why it is there.
public struct AuthConfiguration: Sendable {
    /// What a client must show.
    public enum Mode: String, CaseIterable, Sendable {
        /// Nothing: whoever reaches the server can be anyone. For loopback, and behind something that checks.
        case none
        /// A signed token for exactly its mobile.
        case token
        /// The same; and a token is to be had for a code that the operator's command delivers.
        case code
    }

    /// What a client must show.
    public var mode = Mode.none
    /// Files with public keys, each a JWK set (RFC 7517); a token names its key by `kid`. Read again by `ChatServer.reload`.
    public var keyFiles: [String] = []
    /// What a token's `aud` must name: so that a token that the same key has signed for something else is of no use here.
    public var audience = "sca"
    /// The file with the private key that signs the tokens given for codes; its public part is among the keys.
    public var signingKeyFile: String?
    /// How long those tokens are good, 1 minute to ten years.
    public var tokenLifetime = Duration.seconds(30 * 86_400)
    /// The program that delivers a code, and its arguments; no shell is involved. It reads `{"mobile":…,"code":…}` on stdin.
    public var codeCommand: [String] = []
    /// How long that program may take, at most a minute; then it is killed.
    public var codeCommandTimeout = Duration.seconds(10)
    /// How long a code can be used, 1 second to 5 minutes.
    public var codeLifetime = Duration.seconds(300)
    /// How often a code can be guessed at, 1 to 10.
    public var codeTries = 5
    /// Codes that one mobile is sent within an hour: each may cost the operator money and its owner a night's sleep, and
    /// with `codeTries` it bounds what guessing can reach.
    public var codesPerMobile = 5
    /// Requests for codes and for tokens from one address within an hour; an IPv6 address counts by its first 64 bits.
    public var loginsPerAddress = 60
    /// Codes that wait to be used, of all mobiles, at most ten million; what bounds the memory.
    public var pendingCodes = 10_000
    /// Origins whose pages may connect besides the server's own: `https://chat.example.org`, or `*` for any.
    public var allowedOrigins: [String] = []

    /// All defaults.
    public init() {}

    /// The longest that a token may be good for.
    public static let longestLifetime = Duration.seconds(3_650 * 86_400)

    private static let mostPendingCodes = 10_000_000

    /// Says what is wrong with the settings; nil if they can be served with.
    var problem: String? {
        let rules: [(String, Bool)] = [
            (
                "--auth token needs public keys: make a pair with scad token keygen, and name them with --token-key",
                mode != .token || !keyFiles.isEmpty
            ),
            (
                "--auth code needs a key to sign tokens with: scad token keygen, then --token-signing-key",
                mode != .code || signingKeyFile != nil
            ),
            ("--auth code needs a program that delivers codes: --code-command", mode != .code || !codeCommand.isEmpty),
            // Whoever gives one of these means that clients are to prove who they are; without the mode nobody has to.
            (
                "--token-key is of no use without --auth token or code; without --auth anyone can be anyone",
                mode != .none || keyFiles.isEmpty
            ),
            (
                "--token-signing-key is of no use without --auth code; without --auth anyone can be anyone",
                mode == .code || signingKeyFile == nil
            ),
            (
                "--code-command is of no use without --auth code; without --auth anyone can be anyone",
                mode == .code || codeCommand.isEmpty
            ),
            ("the token's audience must not be empty", !audience.isEmpty),
            (
                "tokens must be good for 1m to 3650d",
                tokenLifetime >= .seconds(60) && tokenLifetime <= Self.longestLifetime
            ),
            (
                "the code command's timeout must be 100ms to 60s",
                codeCommandTimeout >= .milliseconds(100) && codeCommandTimeout <= .seconds(60)
            ),
            ("a code must be good for 1s to 5m", codeLifetime >= .seconds(1) && codeLifetime <= .seconds(300)),
            ("a code must allow 1 to 10 tries", (1...10).contains(codeTries)),
            (
                "the limits of codes and logins must be at least 1",
                codesPerMobile >= 1 && loginsPerAddress >= 1 && pendingCodes >= 1
            ),
            ("the codes that wait must be at most \(Self.mostPendingCodes)", pendingCodes <= Self.mostPendingCodes),
            (
                "an allowed origin is written like https://chat.example.org, without a path; or * for any",
                allowedOrigins.allSatisfy { OriginPolicy.canBeAllowed($0) }
            ),
        ]
        return rules.first { !$0.1 }?.0
    }
}
