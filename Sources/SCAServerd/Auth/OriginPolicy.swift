/// Whose pages may connect: a browser says in `Origin` which page's script is asking (RFC 6455, section 10.2). Pure.
///
/// Without this check any page that somebody visits could talk to a server on their machine or in their network. What is
/// no browser sends no `Origin`, or whatever it likes; this is not against those.
///
/// A page is the server's own if its place is that of `Host`. A name there proves nothing by itself: whoever owns it can have
/// it looked up as 127.0.0.1 once the page is loaded (DNS rebinding), and then both headers have it. So a name counts only
/// where something else holds it to us: a certificate, or a proxy that has one. An address is looked up by nobody.
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
    ///   - isVouchedFor: whether it came by TLS or from a trusted proxy, so that `Host` may be a name.
    func admits(_ origins: [String], host: String?, isVouchedFor: Bool) -> Bool {
        guard let origin = origins.first?.lowercased() else { return true }
        guard origins.count == 1 else { return false }
        if allowsAll || allowed.contains(origin) { return true }
        guard let host = host?.lowercased(), let (scheme, authority) = Self.split(origin) else { return false }
        // A proxy may speak TLS for us, so the scheme is the page's word; what must agree is the place.
        let usual = scheme == "https" ? ":443" : ":80"
        guard Self.without(usual, authority) == Self.without(usual, host) else { return false }
        return isVouchedFor || Self.cannotBeRebound(host)
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

    /// Whether this is `localhost` or an address, with or without a port.
    private static func cannotBeRebound(_ host: String) -> Bool {
        if host.hasPrefix("[") { return IPAddress(host.dropFirst().prefix { $0 != "]" }) != nil }
        let name = host.prefix { $0 != ":" }
        return name == "localhost" || IPAddress(name) != nil
    }

    private static func without(_ port: String, _ authority: some StringProtocol) -> String {
        authority.hasSuffix(port) ? String(authority.dropLast(port.count)) : String(authority)
    }
}
