import NIOHTTP1
import Testing

@testable import SCAServerd

/// Who is believed about a client's address, and what is made of a header that a client could have written.
@Suite struct ClientAddressTests {
    private static let proxies = "10.0.0.0/8,2001:db8:1::/48"

    private func client(_ peer: String, _ lines: [String], as header: TrustedProxies.Header) throws -> ClientAddress {
        var trusted = try TrustedProxies(parsing: Self.proxies)
        trusted.header = header
        let headers = HTTPHeaders(lines.map { (header.rawValue, $0) })
        return trusted.client(behind: ClientAddress(peer: try #require(IPAddress(peer)), trusted), headers)
    }

    @Test(arguments: [
        // No header, an empty one, one hop, hops of ours, a client's invention left of the truth.
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["", " , ,"], "10.0.0.1"),
        ("10.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["192.0.2.7, 10.9.9.9"], "192.0.2.7"),
        ("10.0.0.1", ["192.0.2.7", "10.9.9.9 ,10.0.0.3"], "192.0.2.7"),
        ("10.0.0.1", ["127.0.0.1, 10.0.0.5, 192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["1.1.1.1", "192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["10.0.0.5, 10.0.0.6"], "10.0.0.5"),
        // What names no address ends the walk at whoever wrote it.
        ("10.0.0.1", ["1.1.1.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1, unknown, 10.0.0.6"], "10.0.0.6"),
        ("10.0.0.1", ["1.1.1.1, 192.0.2.7\u{600}, x"], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1\u{600}, 192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["192.0.2.256"], "10.0.0.1"),
        ("10.0.0.1", ["0x7f.1"], "10.0.0.1"),
        ("10.0.0.1", ["192.0.2.7 192.0.2.8"], "10.0.0.1"),
        ("10.0.0.1", ["\"192.0.2.7\""], "10.0.0.1"),
        // Ports and IPv6, as load balancers write them; an IPv4 client of a socket for both.
        ("10.0.0.1", ["192.0.2.7:65535"], "192.0.2.7"),
        ("10.0.0.1", ["192.0.2.7:"], "10.0.0.1"),
        ("10.0.0.1", ["192.0.2.7:655350"], "10.0.0.1"),
        ("10.0.0.1", ["2001:DB8:2:0::1"], "2001:db8:2::1"),
        ("10.0.0.1", ["[2001:db8:2::1]"], "2001:db8:2::1"),
        ("10.0.0.1", ["[2001:db8:2::1]:443"], "2001:db8:2::1"),
        ("10.0.0.1", ["[2001:db8:2::1"], "10.0.0.1"),
        ("10.0.0.1", ["[2001:db8:2::1]x"], "10.0.0.1"),
        ("10.0.0.1", ["[192.0.2.7]"], "10.0.0.1"),
        ("10.0.0.1", ["fe80::1%eth0"], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["::ffff:192.0.2.7"], "192.0.2.7"),
        ("2001:db8:1::5", ["192.0.2.7, 2001:db8:1::6"], "192.0.2.7"),
        // Nobody else is believed.
        ("192.0.2.9", ["192.0.2.7"], "192.0.2.9"),
        ("11.0.0.1", ["10.0.0.1"], "11.0.0.1"),
        ("2001:db8:2::5", ["192.0.2.7"], "2001:db8:2::5"),
    ]) func xForwardedForIsReadFromTheRight(peer: String, lines: [String], expected: String) throws {
        #expect(try client(peer, lines, as: .xForwardedFor).description == expected)
    }

    @Test(arguments: [
        ([#"for=192.0.2.60;proto=http;by=203.0.113.43"#], "192.0.2.60"),
        ([#"For="192.0.2.60:4711" ; proto=https"#], "192.0.2.60"),
        ([#"by=10.0.0.1;FOR="[2001:db8:cafe::17]:4711""#], "2001:db8:cafe::17"),
        ([#"for="[2001:db8:cafe::17]:_tcp""#], "2001:db8:cafe::17"),
        ([#"for="\1\9\2.0.2.60""#], "192.0.2.60"),
        ([#"for=1.1.1.1, for=192.0.2.60, for="10.0.0.9:80""#], "192.0.2.60"),
        (["for=1.1.1.1", "for=192.0.2.60"], "192.0.2.60"),
        // Quoted commas and semicolons separate nothing.
        ([#"for=192.0.2.60;host="a,for=1.1.1.1;for=2.2.2.2""#], "192.0.2.60"),
        ([#"host="\",for=1.1.1.1", for=192.0.2.60"#], "192.0.2.60"),
        // A quotation mark that a client left open swallows nothing that would then be believed.
        ([#"for=1.1.1.1, for="x, for=192.0.2.60"#], "10.0.0.1"),
        ([#"for=1.1.1.1, for="x, for="192.0.2.60""#], "10.0.0.1"),
        ([#"for=1.1.1.1;x="\, for=192.0.2.60"#], "10.0.0.1"),
        ([#"for=1.1.1.1, for=""#, "for=192.0.2.60"], "192.0.2.60"),
        // Hidden, unknown, twice, none, not a pair.
        (["for=1.1.1.1, for=_hidden"], "10.0.0.1"),
        (["for=1.1.1.1, for=unknown"], "10.0.0.1"),
        (["for=1.1.1.1, for=192.0.2.60;for=192.0.2.61"], "10.0.0.1"),
        (["for=1.1.1.1, proto=https"], "10.0.0.1"),
        (["for=1.1.1.1, 192.0.2.60"], "10.0.0.1"),
        ([#"for=1.1.1.1, for=a"192.0.2.60""#], "10.0.0.1"),
        ([#"for=1.1.1.1, for=""#], "10.0.0.1"),
        (["for=1.1.1.1, for="], "10.0.0.1"),
    ]) func forwardedIsReadFromTheRight(lines: [String], expected: String) throws {
        #expect(try client("10.0.0.1", lines, as: .forwarded).description == expected)
    }

    @Test func onlyTheChosenHeaderIsRead() throws {
        let proxies = try TrustedProxies(parsing: "127.0.0.1")
        let peer = ClientAddress(peer: try #require(IPAddress("127.0.0.1")), proxies)
        let headers: HTTPHeaders = ["Forwarded": "for=1.1.1.1", "X-Forwarded-For": "192.0.2.7", "X-Real-IP": "2.2.2.2"]
        #expect(proxies.client(behind: peer, headers).description == "192.0.2.7")
    }

    @Test func aProxyIsKnownAsOneUntilTheHeadIsRead() throws {
        let proxies = try TrustedProxies(parsing: Self.proxies)
        let peer = ClientAddress(peer: try #require(IPAddress("10.0.0.1")), proxies)
        #expect(peer.isProxy)
        #expect(!proxies.client(behind: peer, ["x-forwarded-for": "192.0.2.7"]).isProxy)
        #expect(proxies.client(behind: peer, [:]).isProxy)
        #expect(!ClientAddress(peer: .unspecified, .none).isProxy)
    }

    @Test func limitsCountAnIPv4AddressOrThe64OfAnIPv6One() throws {
        func key(_ text: String) throws -> AddressBlock {
            ClientAddress(peer: try #require(IPAddress(text)), .none).limitKey
        }
        #expect(try key("2001:db8:1:2:3:4:5:6") == key("2001:db8:1:2::"))
        #expect(try key("2001:db8:1:2::1") != key("2001:db8:1:3::1"))
        #expect(try key("192.0.2.1") == key("::ffff:192.0.2.1"))
        #expect(try key("192.0.2.1") != key("192.0.2.2"))
        #expect(try key("192.0.2.1").description == "192.0.2.1")
        #expect(try key("2001:db8:1:2:3:4:5:6").description == "2001:db8:1:2::/64")
    }

    @Test(arguments: [
        ("10.1.2.3/8", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
        ("192.0.2.128/25", "192.0.2.128", "192.0.2.255", "192.0.2.127"),
        ("192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.0"),
        ("::ffff:10.0.0.0/104", "10.0.0.0", "10.1.1.1", "11.0.0.0"),
        ("2001:db8::/33", "2001:db8::", "2001:db8:7fff::", "2001:db8:8000::"),
        ("::1/128", "::1", "::1", "::2"),
        ("128.0.0.0/1", "128.0.0.0", "255.255.255.255", "127.255.255.255"),
    ]) func aBlockHoldsItsAddresses(block: String, first: String, last: String, outside: String) throws {
        let block = try #require(AddressBlock(block))
        #expect(block.contains(try #require(IPAddress(first))))
        #expect(block.contains(try #require(IPAddress(last))))
        #expect(!block.contains(try #require(IPAddress(outside))))
    }

    @Test(arguments: [
        "", ",", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0", "2001:db8::/129",
        "localhost", "[::1]", "::1%lo", "10.0.0.1,", "10.0.0.1 10.0.0.2", "10.0.0.1\0", "/8",
    ]) func whatIsNoBlockIsRefused(list: String) {
        #expect(throws: ServerError.self) { try TrustedProxies(parsing: list) }
    }

    @Test(arguments: ["0.0.0.0/0", "::/0", "::/8", "::ffff:0.0.0.0/96", "::ffff:10.0.0.0/8", "10.0.0.1,0.0.0.0/0"])
    func everybodyIsNotTrusted(list: String) {
        let error = #expect(throws: ServerError.self) { try TrustedProxies(parsing: list) }
        #expect(error?.message.contains("would trust everybody") == true)
    }

    @Test(arguments: ["0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::ff00:42:8329", "fe80::1"])
    func anAddressIsWrittenAsItIsRead(text: String) throws {
        #expect(try #require(IPAddress(text)).description == text)
    }
}
