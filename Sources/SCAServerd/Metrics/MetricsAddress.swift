/// Where metrics are served.
public struct MetricsAddress: Hashable, Sendable {
    /// An address of this machine; loopback, so that nobody else reads them by accident.
    public var host = "127.0.0.1"
    /// The TCP port; 0 lets the system choose one.
    public var port: Int

    /// An address with this port on loopback.
    public init(port: Int) {
        self.port = port
    }

    /// Reads `9464`, `0.0.0.0:9464` or `[::1]:9464`; nil for anything else.
    public init?(parsing text: String) {
        guard let colon = text.lastIndex(of: ":") else {
            guard let port = Self.port(text[...]) else { return nil }
            self.port = port
            return
        }
        guard let port = Self.port(text[text.index(after: colon)...]) else { return nil }
        self.port = port
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
    }

    private static func port(_ text: Substring) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(text), port <= 65_535 else {
            return nil
        }
        return port
    }
}
