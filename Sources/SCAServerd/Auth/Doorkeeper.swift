internal import JWTKit
internal import NIOHTTP1
internal import SCACore
internal import Synchronization

/// Decides who may come in, for all event loops: origin first, then the token. Holds no accounts and remembers nobody.
///
/// What it refuses it refuses with one answer, whatever was wrong, so that nobody learns from it whether a mobile exists or
/// what is the matter with a token; the log has the kind of reason, never the token.
final class Doorkeeper: Sendable {
    /// 401, whatever was wrong with the token.
    static let unauthorized = WireError(.unauthorized, "a token for this mobile is needed")
    /// 403, for pages of other origins.
    static let foreignOrigin = WireError(
        .unauthorized,
        "pages of this origin may not connect; --allow-origin names those that may"
    )

    /// Where tokens are given for codes; nil unless that is the mode.
    let login: LoginDesk?
    private let configuration: AuthConfiguration
    private let origins: OriginPolicy
    /// The keys of the day; nil if none are needed.
    private let keys: Mutex<TokenKeys?>

    /// Reads the keys.
    ///
    /// - Throws: `ServerError` if they cannot be used.
    convenience init(_ configuration: AuthConfiguration, log: ServerLog) async throws(ServerError) {
        if configuration.mode == .code { try CodeCommand.examine(configuration.codeCommand) }
        let signer = try Self.signer(configuration)
        self.init(configuration, keys: try await Self.keys(configuration, signer), signer: signer, log: log)
    }

    /// - Parameters:
    ///   - keys: what tokens are judged by; nil if none are needed.
    ///   - signer: what signs tokens for codes; nil if none are given.
    init(_ configuration: AuthConfiguration, keys: TokenKeys?, signer: SigningKey?, log: ServerLog) {
        self.configuration = configuration
        origins = OriginPolicy(configuration.allowedOrigins)
        self.keys = Mutex(keys)
        login = signer.map { LoginDesk(configuration, $0, log: log) }
    }

    /// Reads the public keys again; sessions that stand are left alone.
    ///
    /// - Returns: the names of the keys; empty if none are needed.
    /// - Throws: `ServerError` if they cannot be used; then the old ones stay.
    func reload() async throws(ServerError) -> [String] {
        let signer = try Self.signer(configuration)
        let read = try await Self.keys(configuration, signer)
        if let signer { await login?.sign(with: signer) }
        keys.withLock { $0 = read }
        return read?.names ?? []
    }

    /// Whether a request's page may ask anything of this server.
    ///
    /// - Parameter isVouchedFor: whether it came by TLS or from a trusted proxy.
    func admitsOrigin(_ headers: HTTPHeaders, isVouchedFor: Bool) -> Bool {
        origins.admits(headers["Origin"], host: headers.first(name: "Host"), isVouchedFor: isVouchedFor)
    }

    /// Judges the token of an upgrade.
    ///
    /// - Parameter now: milliseconds since 1970 UTC.
    /// - Returns: when the session must end, in milliseconds since 1970 UTC; nil if never.
    /// - Throws: why it is not admitted, for the log.
    func expiry(admitting mobile: Mobile, _ headers: HTTPHeaders, now: Int64) throws(TokenRefusal) -> Int64? {
        guard let keys = keys.withLock({ $0 }) else { return nil }
        guard let token = BearerToken.find(in: headers) else { throw .missing }
        return try keys.expiry(of: token, admitting: mobile, now: now)
    }

    private static func signer(_ configuration: AuthConfiguration) throws(ServerError) -> SigningKey? {
        guard configuration.mode == .code, let path = configuration.signingKeyFile else { return nil }
        return try SigningKey(from: path)
    }

    private static func keys(
        _ configuration: AuthConfiguration,
        _ signer: SigningKey?
    ) async throws(ServerError) -> TokenKeys? {
        guard configuration.mode != .none else { return nil }
        var sets: [JWKS] = []
        for path in configuration.keyFiles {
            let set = try KeyFile.readSet(path)
            // On its own first, so that a fault is reported with its file.
            do { _ = try await TokenKeys([set], audience: configuration.audience) } catch {
                throw KeyFile.unusable(path, error.sentence)
            }
            sets.append(set)
        }
        // The key that signs may well be among those already.
        let known = Set(sets.flatMap(\.keys).compactMap(\.keyIdentifier?.string))
        if let signer, !known.contains(signer.name) { sets.append(signer.publicSet) }
        do { return try await TokenKeys(sets, audience: configuration.audience) } catch {
            throw ServerError(
                code: .badKeyFile,
                message: "the key files cannot be used together: \(error.sentence)"
            )
        }
    }
}

/// Where a request carries its token.
enum BearerToken {
    /// What comes before it among the subprotocols, for browsers, which let a script set no header.
    static let subprotocol = "bearer."

    /// The token in `Authorization: Bearer …` (RFC 6750), else the one in `Sec-WebSocket-Protocol: …, bearer.…`.
    ///
    /// - Returns: nil if there is none, or more than one in the place that counts.
    static func find(in headers: HTTPHeaders) -> String? {
        let credentials = headers["Authorization"]
        if let only = credentials.first {
            let parts = only.split(separator: " ", maxSplits: 1)
            guard credentials.count == 1, parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
            return String(parts[1])
        }
        let offered = headers[canonicalForm: "sec-websocket-protocol"].filter { $0.hasPrefix(subprotocol) }
        return offered.count == 1 ? offered.first.map { String($0.dropFirst(subprotocol.count)) } : nil
    }
}
