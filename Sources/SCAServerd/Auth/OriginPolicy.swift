/// Whose pages may connect: a browser says in `Origin` which page's script is asking (RFC 6455, section 10.2). Pure.
///
/// Without this check any page that somebody visits could talk to a server on their machine or in their network. What is
/// no browser sends no `Origin`, or whatever it likes; this is not against those.
struct OriginPolicy: Sendable {
    private let allowed: Set<String>
    private let allowsAll: Bool

    /// - Parameter allowed: origins as `canBeAllowed` wants them.
    init(_ allowed: [String]) {
        self.allowed = Set(allowed.map { $0.lowercased() })
        allowsAll = allowed.contains("*")
    }

    /// Whether a request may go on.
    ///
    /// - Parameters:
    ///   - origins: its `Origin` headers; none is admitted, several are not.
    ///   - host: its `Host` header; nil if there is none.
    func admits(_ origins: [String], host: String?) -> Bool {
        guard let origin = origins.first?.lowercased() else { return true }
        guard origins.count == 1 else { return false }
        if allowsAll || allowed.contains(origin) { return true }
        guard let host, let (scheme, authority) = Self.split(origin) else { return false }
        // A proxy may speak TLS for us, so the scheme is the page's word; what must agree is the place.
        let usual = scheme == "https" ? ":443" : ":80"
        return Self.without(usual, authority) == Self.without(usual, host.lowercased())
    }

    /// Whether this is an origin as browsers spell them, `null` (a page without one) or `*`.
    static func canBeAllowed(_ origin: String) -> Bool {
        origin == "*" || origin == "null" || split(origin) != nil
    }

    private static func split(_ origin: String) -> (scheme: Substring, authority: Substring)? {
        guard let mark = origin.firstRange(of: "://") else { return nil }
        let (scheme, authority) = (origin[..<mark.lowerBound], origin[mark.upperBound...])
        let isPlain = authority.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }
        return scheme.isEmpty || authority.isEmpty || !isPlain ? nil : (scheme, authority)
    }

    private static func without(_ port: String, _ authority: some StringProtocol) -> String {
        authority.hasSuffix(port) ? String(authority.dropLast(port.count)) : String(authority)
    }
}
