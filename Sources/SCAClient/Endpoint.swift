/// Where a server is: `ws://host[:port][/base]`, or `wss://` for a connection over TLS.
///
/// `http://` and `https://` mean the same two, and a bare `host[:port]` is `ws://`. An IPv6 address stands in brackets.
/// A base path is kept without its final slash; below it lie `/ws/{mobile}` and `/health`.
///
/// Rejected: Foundation's `URL`. It wants whole Foundation, and accepts far more than a server can be.
public struct Endpoint: Hashable, Sendable {
    /// How the bytes travel.
    public enum Scheme: String, Hashable, Sendable {
        /// In the clear.
        case ws
        /// Over TLS.
        case wss
    }

    /// How the bytes travel.
    public var scheme: Scheme
    /// A name in lower case or an address; an IPv6 address without its brackets.
    public var host: String
    /// The TCP port, 1 to 65,535; 80 or 443 unless given.
    public var port: Int
    /// What comes before `/ws/…` and `/health`: empty, or a path that starts with a slash and does not end with one.
    public var basePath: String

    /// A server on this machine at its usual port: `ws://127.0.0.1:8080`.
    public static let local = Endpoint(scheme: .ws, host: "127.0.0.1", port: 8080)

    /// Makes an endpoint from its parts, which are taken as they are.
    public init(scheme: Scheme, host: String, port: Int, basePath: String = "") {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.basePath = basePath
    }

    /// Reads an address as a person writes it.
    ///
    /// - Throws: `usage` with what is wrong and what is right.
    public init(parsing text: String) throws(ClientError) {
        var rest = text[...]
        var scheme = Scheme.ws
        if let separator = rest.firstRange(of: "://") {
            scheme = try Self.scheme(rest[..<separator.lowerBound], in: text)
            rest = rest[separator.upperBound...]
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let path = rest[authority.endIndex...]
        let (host, port) = try Self.split(authority, in: text)
        self.init(
            scheme: scheme,
            host: try Self.host(host, in: text),
            port: try port.map { (port) throws(ClientError) in try Self.port(port, in: text) }
                ?? Self.usualPort(scheme),
            basePath: try Self.path(path, in: text)
        )
    }

    /// Whether the connection is over TLS.
    public var isSecure: Bool { scheme == .wss }

    /// Host and port as in a `Host` header: a port that the scheme implies is left out.
    var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == Self.usualPort(scheme) ? name : "\(name):\(port)"
    }

    private static func usualPort(_ scheme: Scheme) -> Int {
        scheme == .wss ? 443 : 80
    }

    private static func scheme(_ word: Substring, in text: String) throws(ClientError) -> Scheme {
        switch word.lowercased() {
        case "ws", "http": return .ws
        case "wss", "https": return .wss
        default: throw wrong("the scheme is \"\(shown(word))\"; ws and wss are known", text)
        }
    }

    /// Splits `host:port`, minding the colons of an IPv6 address.
    private static func split(_ authority: Substring, in text: String) throws(ClientError) -> (Substring, Substring?) {
        if authority.contains("@") { throw wrong("a name before \"@\" has no place in it", text) }
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { throw wrong("a \"[\" has no \"]\"", text) }
            let host = authority[authority.index(after: authority.startIndex)..<end]
            guard host.contains(":") else { throw wrong("brackets are for IPv6 addresses only", text) }
            let tail = authority[authority.index(after: end)...]
            if tail.isEmpty { return (host, nil) }
            guard tail.first == ":" else { throw wrong("after \"]\" only a port can follow", text) }
            return (host, tail.dropFirst())
        }
        guard let colon = authority.firstIndex(of: ":") else { return (authority, nil) }
        let port = authority[authority.index(after: colon)...]
        if port.contains(":") { throw wrong("an IPv6 address must stand in brackets", text) }
        return (authority[..<colon], port)
    }

    private static func host(_ word: Substring, in text: String) throws(ClientError) -> String {
        guard !word.isEmpty else { throw wrong("the host is missing", text) }
        let isAddress = word.contains(":")
        let isAllowed = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            case UInt8(ascii: ":"), UInt8(ascii: "%"): isAddress
            default: false
            }
        }
        guard isAllowed, word.utf8.count <= 253 else { throw wrong("\"\(shown(word))\" is not a host name", text) }
        return word.lowercased()
    }

    private static func port(_ word: Substring, in text: String) throws(ClientError) -> Int {
        guard word.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(word), (1...65_535).contains(port)
        else { throw wrong("the port is \"\(shown(word))\"; it must be a number from 1 to 65535", text) }
        return port
    }

    private static func path(_ word: Substring, in text: String) throws(ClientError) -> String {
        guard !word.contains("?"), !word.contains("#") else { throw wrong("a query has no place in it", text) }
        guard word.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw wrong("its path has blanks or characters that are not ASCII", text)
        }
        var path = word
        while path.last == "/" { path = path.dropLast() }
        return String(path)
    }

    private static func wrong(_ what: String, _ text: String) -> ClientError {
        ClientError(
            .usage,
            "\"\(shown(text[...]))\" is not a server's address: \(what)",
            hint: "write it like ws://127.0.0.1:8080 or wss://chat.example.org"
        )
    }

    /// Somebody else's words in one of our sentences: short and without control characters.
    private static func shown(_ word: Substring) -> String {
        String(word.unicodeScalars.prefix(80).map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    }
}

extension Endpoint: CustomStringConvertible {
    /// The one canonical spelling, such as `ws://127.0.0.1:8080`; the ports 80 and 443 are left out where they are implied.
    public var description: String {
        "\(scheme.rawValue)://\(authority)\(basePath)"
    }
}
