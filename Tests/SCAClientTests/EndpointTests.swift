internal import Testing

@testable internal import SCAClient

struct EndpointTests {
    @Test(arguments: [
        ("ws://127.0.0.1:8080", "ws://127.0.0.1:8080"),
        ("wss://chat.example.org", "wss://chat.example.org"),
        ("http://localhost", "ws://localhost"),
        ("https://localhost:8443/", "wss://localhost:8443"),
        ("chat.example.org:9000", "ws://chat.example.org:9000"),
        ("chat.example.org", "ws://chat.example.org"),
        ("WS://Chat.Example.ORG:80", "ws://chat.example.org"),
        ("wss://a:443/base/path//", "wss://a/base/path"),
        ("ws://[::1]:8080", "ws://[::1]:8080"),
        ("[fe80::1%eth0]", "ws://[fe80::1%eth0]"),
        ("ws://under_score:1", "ws://under_score:1"),
        ("ws://a:65535", "ws://a:65535"),
    ])
    func addressIsReadAndSpelledCanonically(text: String, canonical: String) throws {
        let endpoint = try Endpoint(parsing: text)
        #expect(endpoint.description == canonical)
        #expect(try Endpoint(parsing: canonical) == endpoint)
    }

    @Test(arguments: [
        ("", "the host is missing"),
        ("ws://", "the host is missing"),
        ("ws://:8080", "the host is missing"),
        ("ftp://a", "the scheme is \"ftp\""),
        ("ws://a:0", "1 to 65535"),
        ("ws://a:65536", "1 to 65535"),
        ("ws://a:+80", "1 to 65535"),
        ("ws://a:", "1 to 65535"),
        ("ws://a:8o", "1 to 65535"),
        ("ws://::1", "must stand in brackets"),
        ("ws://[::1", "has no \"]\""),
        ("ws://[::1]x", "only a port can follow"),
        ("ws://[localhost]", "IPv6 addresses only"),
        ("ws://me@a", "before \"@\""),
        ("ws://a b", "is not a host name"),
        ("ws://ä.de", "is not a host name"),
        ("ws://a/b c", "has blanks"),
        ("ws://a/b?c=d", "a query"),
        ("ws://a#b", "a query"),
        ("ws://a/\u{1B}[2J", "has blanks"),
    ])
    func wrongAddressIsRefusedWithWhatIsWrong(text: String, reason: String) {
        let error = #expect(throws: ClientError.self) { try Endpoint(parsing: text) }
        #expect(error?.code == .usage)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        #expect(error?.hint?.contains("ws://127.0.0.1:8080") == true)
        #expect(error?.message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } == true)
    }

    @Test func partsAreTakenApart() throws {
        let endpoint = try Endpoint(parsing: "https://Chat.example.org/sca/")
        #expect(endpoint.scheme == .wss)
        #expect(endpoint.host == "chat.example.org")
        #expect(endpoint.port == 443)
        #expect(endpoint.basePath == "/sca")
        #expect(endpoint.isSecure)
        #expect(endpoint.authority == "chat.example.org")
        #expect(Endpoint.local.description == "ws://127.0.0.1:8080")
    }
}
